import type { RecordKey } from '../record/record.ts';
import type { FileRow } from '../store/port.ts';
import type { LineFates } from './line-fates.ts';
import type { Feed } from './statements.ts';

/** A file whose rows are staged, or why they are not. */
export interface Filled {
  readonly file: FileRow;
  /** Why the file is refused as a whole; null where it is sound. */
  readonly fault: string | null;
  /** Why a person must look at it first; null where nothing stands against it. */
  readonly doubt: string | null;
  /** Whose word it is. */
  readonly feed: Feed;
  /** Counts the rows of a file whose rows feed several records; null: a row is a record. */
  readonly lines: LineFates | null;
  /**
   * Is a stored record in the file without having been staged? `lines`: the store knows its lines. Null where every
   * record of the file is staged.
   */
  readonly recognised: ((key: RecordKey, lines: boolean) => boolean) | null;
  /** Nothing that the store has is missing from the file, whatever it is. */
  readonly whole: boolean;
}
