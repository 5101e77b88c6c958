import type { RecordKey, SourceRecord } from '../record/record.ts';
import type { Reference } from '../record/unit.ts';

/** What mapping needs of a store's record reader, so that mapping need not know the store. */
export interface MappingReader {
  /** The records that are there, in any order. */
  get(keys: readonly RecordKey[]): Promise<readonly SourceRecord[]>;
  /** Keys of the records that refer to any of these, once each. */
  referring(to: readonly Reference[]): Promise<readonly RecordKey[]>;
}
