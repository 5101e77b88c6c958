import { contentHash } from '../core/hash.ts';
import type { FileRow, RecordReader } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { ReportSums, Said } from './csv-said.ts';
import type { CsvLayout } from './formats/csv/layout.ts';

/** The records as the report left them. */
interface Left {
  /** `RecordReader.state`. */
  readonly state: string;
  /** Every record has a line sum: one without may be missing from the file. */
  readonly whole: boolean;
}

type SaidAndLeft = Said & { readonly left?: Left };

/** Names all that decides how the lines below a report's header are read, and whose they are. */
export function csvReading(software: string, tenant: Tenant, { profile, header, delimiter, skip }: CsvLayout): string {
  const columns = header.columns.map(({ column, indexes }) => [column.name, indexes]);
  const { ods, vpds, settings, rules = [] } = tenant;
  const read = [software, profile.reading, columns, header.width, header.tenant, delimiter, skip];
  const all = [...read, ods, vpds, settings, rules];
  return contentHash(JSON.stringify(all));
}

/** The ledger row with what a later report must find to know that it only repeats this one. */
export async function withLeft(file: FileRow, records: RecordReader): Promise<FileRow> {
  const { said, ...rest } = file;
  if (said === undefined) return file;
  // A row that is quarantined is so again in every file that brings it.
  if (file.quarantined > 0) return rest;
  const known = JSON.parse(said) as SaidAndLeft;
  const state = await records.state();
  if (known.left?.state === state) return file;
  return { ...rest, said: JSON.stringify({ ...known, left: { state, whole: await allSummed(records) } }) };
}

async function allSummed(records: RecordReader): Promise<boolean> {
  const counts = await records.counts();
  return Object.values(counts).reduce((sum, count) => sum + count, 0) === (await records.summed());
}

/**
 * Does this report only repeat the one before of its feed, and are the records still what that one left? Then all its
 * rows are unchanged, and none need be parsed.
 *
 * @param before the newest applied report of the feed
 * @param sums gives those of this report, where that is worth its cost
 * @returns what this one said for the ledger, how many rows that is, and whether every record has a line sum; null: it
 *   must be read
 */
export async function repeated(
  before: FileRow | undefined,
  reading: string,
  sums: () => Promise<ReportSums>,
  records: RecordReader,
): Promise<{ readonly said: string; readonly rows: number; readonly whole: boolean } | null> {
  if (before?.said === undefined) return null;
  const known = JSON.parse(before.said) as SaidAndLeft;
  if (known.left === undefined || known.reading !== reading) return null;
  if ((await records.state()) !== known.left.state) return null;
  const said = (await sums()).said(known.rows);
  if (said === undefined || said.lines !== known.lines || !same(said.words, known.words)) return null;
  return { said: before.said, rows: known.rows, whole: known.left.whole };
}

function same(one: Said['words'], other: Said['words']): boolean {
  return one.every((word, at) => word === other[at]);
}
