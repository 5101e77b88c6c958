import { contentHash } from '../core/hash.ts';
import type { FileRow, RecordReader } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { CsvLayout } from './formats/csv/layout.ts';
import { readBlocks } from './formats/go2/blocks.ts';
import { lineHash } from './line-hash.ts';

/** Three sums modulo 2³². */
type Words = readonly [number, number, number];

/** What a report said, whatever the order of its lines: read in the same way, equal lines say the same. */
interface Said {
  readonly reading: string;
  readonly rows: number;
  readonly lines: number;
  readonly words: Words;
}

/** The records as the report left them, as far as their line sums tell: whoever writes a record changes its sum. */
interface Left {
  readonly records: number;
  readonly sums: number;
  readonly words: Words;
}

/** Names all that decides how the lines below a report's header are read, and whose they are. */
export function csvReading(software: string, tenant: Tenant, { profile, header, delimiter, skip }: CsvLayout): string {
  const columns = header.columns.map(({ column, indexes }) => [column.name, indexes]);
  const { ods, vpds, settings, rules = [] } = tenant;
  const read = [software, profile.reading, columns, header.width, header.tenant, delimiter, skip];
  const all = [...read, ods, vpds, settings, rules];
  return contentHash(JSON.stringify(all));
}

/**
 * Sums the lines of a report below its header. A sum and not an exclusive or, so that a line which comes twice does not
 * cancel itself.
 */
export async function saidBy(
  bytes: AsyncIterable<Uint8Array>,
  { skip }: CsvLayout,
  reading: string,
  rows: number,
): Promise<Said> {
  const hash = lineHash(reading);
  const words: [number, number, number] = [0, 0, 0];
  let seen = 0;
  let lines = 0;
  for await (const block of readBlocks(bytes)) {
    // A line that is cut short would be told from another by its beginning alone.
    if (block.tooLong) return { reading: '', rows, lines: 0, words };
    for (let start = 0; start < block.bytes.length; ) {
      const feed = block.bytes.indexOf(lineFeed, start);
      let end = feed < 0 ? block.bytes.length : feed;
      const next = end + 1;
      if (end > start && block.bytes[end - 1] === carriageReturn) end -= 1;
      seen += 1;
      if (seen > skip && end > start) {
        lines += 1;
        add(words, hash.words(block.bytes, start, end));
      }
      start = next;
    }
  }
  return { reading, rows, lines, words };
}

const lineFeed = 10;
const carriageReturn = 13;

function add(sum: [number, number, number], [a = 0, b = 0, c = 0]: ArrayLike<number> & Iterable<number>): void {
  sum[0] = (sum[0] + a) >>> 0;
  sum[1] = (sum[1] + b) >>> 0;
  sum[2] = (sum[2] + c) >>> 0;
}

/** The ledger row with what a later report must find to know that it only repeats this one. */
export async function withLeft(file: FileRow, records: RecordReader): Promise<FileRow> {
  const { said, ...rest } = file;
  if (said === undefined) return file;
  // A row that is quarantined is so again in every file that brings it.
  if (file.quarantined > 0) return rest;
  return { ...rest, said: JSON.stringify({ ...(JSON.parse(said) as Said), left: await leftIn(records) }) };
}

async function leftIn(records: RecordReader): Promise<Left> {
  const counts = await records.counts();
  const total = await records.lineTotal();
  return { records: Object.values(counts).reduce((sum, count) => sum + count, 0), ...total };
}

/**
 * Does this report only repeat the one before of its feed, and are the records still what that one left? Then all its
 * rows are unchanged, and none need be parsed.
 *
 * @param before the newest applied report of the feed
 * @returns the rows, and whether every record has a line sum: one without may be missing from the file; null: it must
 *   be read
 */
export async function repeated(
  before: FileRow | undefined,
  reading: string,
  layout: CsvLayout,
  bytes: () => AsyncIterable<Uint8Array>,
  records: RecordReader,
): Promise<{ readonly said: Said; readonly whole: boolean } | null> {
  if (before?.said === undefined) return null;
  const known = JSON.parse(before.said) as Said & { readonly left?: Left };
  if (known.left === undefined || known.reading !== reading) return null;
  const said = await saidBy(bytes(), layout, reading, known.rows);
  if (said.lines !== known.lines || !same(said.words, known.words)) return null;
  const left = await leftIn(records);
  if (left.records !== known.left.records || left.sums !== known.left.sums) return null;
  return same(left.words, known.left.words) ? { said, whole: left.records === left.sums } : null;
}

function same(one: Words, other: Words): boolean {
  return one.every((word, at) => word === other[at]);
}
