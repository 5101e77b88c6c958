import type { ExceptionRow, StagedGroup, StagedRow } from '../store/port.ts';
import { type Feed, go2Feed } from './statements.ts';

/** Where a released row comes from: its exception and the file that brought it. */
interface Origin {
  readonly exception: string;
  readonly file: string;
}

/** The quarantined row of an exception, to be judged again beside the rows of another file. */
export function releasedRow({ id, file, row }: ExceptionRow): StagedRow {
  return { ...(JSON.parse(row ?? '') as StagedRow), from: `${id} ${file}` };
}

/** Undefined for a row of the file itself. */
export function originOf({ from }: Pick<StagedRow, 'from'>): Origin | undefined {
  if (from === null) return undefined;
  const [exception = '', file = ''] = from.split(' ');
  return { exception, file };
}

/** Rows of a record are released together, and never beside rows of the file itself. */
export function cameFrom({ rows }: StagedGroup): Origin | undefined {
  const [first] = rows;
  return first && originOf(first);
}

/** Whose word a group of a file's stage is: rows that waited for a person are the GO2 feed's, whoever brings them. */
export function feedsBeside(feed: Feed): (group: StagedGroup) => Feed {
  return (group) => (cameFrom(group) === undefined ? feed : go2Feed);
}
