import { limits } from '../core/limits.ts';
import { bucketOf, plainBucketOf } from '../record/line-sum.ts';
import type { RecordKey, RecordType } from '../record/record.ts';
import type { TenantStore } from '../store/port.ts';
import type { Columns, RowTable } from './formats/go2/columns.ts';
import type { Go2Header } from './formats/go2/header.ts';
import type { Go2Batch, Go2Counts } from './formats/go2/read.ts';
import { type Go2Line, rowOf } from './formats/go2/row.ts';
import { type LineHash, lineHash } from './line-hash.ts';
import { idIn } from './row-key.ts';

/** What a full file only repeats. */
export interface Recognised {
  readonly header: Go2Header;
  readonly counts: Go2Counts;
  /** Rows of record types and kinds that are kept, and those of them whose record is unchanged. */
  readonly kept: number;
  readonly unchanged: number;
  /** Unchanged rows with more fields than known. */
  readonly wide: number;
  /** All that the store has, and nothing else, is in the file: no record is absent from it. */
  readonly whole: boolean;
  /** Is the record of this row unchanged? */
  has(row: Go2Line): boolean;
  /** Is it remembered that the record of the row on this line is? For whoever does not want to look at the row. */
  hasLine(line: number): boolean;
  /** Are the stored lines of this record, which has some, all in the file? */
  hasRecord(key: RecordKey): boolean;
}

/**
 * Reads a full file for lines that the store has already: a record whose lines are all there, and no others, is
 * unchanged, and none of its rows need be split, normalised, staged or looked up (an unchanged row costs one
 * hash). Constant memory: per bucket of records the stored sum less the file's; at zero all of the bucket's records are
 * unchanged. A line's hash covers how it is read (`reading`), so that other columns or another release recognise
 * nothing. Records with an open exception are left to the walk, which may close it; so is a file with deletes, which
 * may reach further than the record that they name.
 *
 * @returns null where there is nothing to recognise, or where the file is faulty or a changes file
 */
export async function recognise(
  batches: AsyncIterable<Go2Batch>,
  columns: Columns,
  reading: string,
  store: TenantStore,
): Promise<Recognised | null> {
  const stored = Object.values(await store.records.counts()).reduce((sum, count) => sum + count, 0);
  if (stored === 0) return null;
  const buckets = new Buckets(stored);
  const hash = lineHash(reading);
  let header: Go2Header | undefined;
  let summed = 0;
  let kept = 0;
  for await (const batch of batches) {
    if (batch.kind === 'fault') return null;
    if (batch.kind === 'header') {
      header = batch.header;
      summed = header.kind === 'full' ? await buckets.load(store) : 0;
      if (summed === 0) return null;
    }
    if (batch.kind === 'rows') {
      const taken = takeAll(batch.rows, columns, hash, buckets);
      if (taken === undefined) return null;
      kept += taken;
    }
    if (batch.kind === 'end' && header !== undefined) {
      const has = (row: Go2Line) => isUnchanged(row, columns, buckets);
      const hasLine = (line: number) => buckets.isUnchangedLine(line);
      const hasRecord = ({ type, id }: RecordKey) => buckets.isUnchanged(bucketOf(type, id));
      const known = buckets.unchanged();
      const whole = summed === stored && known.all;
      return { header, counts: batch.counts, kept, ...known, whole, has, hasLine, hasRecord };
    }
  }
  return null;
}

/** Takes the rows that are kept; their number, or undefined at a delete. */
function takeAll(rows: readonly Go2Line[], columns: Columns, hash: LineHash, buckets: Buckets): number | undefined {
  let kept = 0;
  for (const row of rows) {
    const table = columns.byCode.get(row.type);
    if (table === undefined || isOtherKind(row, table)) continue;
    if (table.action === 'delete') return undefined;
    kept += 1;
    buckets.take(bucketOfRow(row, table), hash.words(row.bytes, row.start, row.end), row.line);
  }
  return kept;
}

function isUnchanged(row: Go2Line, columns: Columns, buckets: Buckets): boolean {
  const table = columns.byCode.get(row.type);
  if (table === undefined || isOtherKind(row, table)) return false;
  return buckets.isUnchanged(bucketOfRow(row, table));
}

function isOtherKind(row: Go2Line, { only }: RowTable): boolean {
  if (only === null) return false;
  const place = fieldAt(row, only.index);
  if (place === undefined) return false;
  return !holds(row.bytes, place, only.equals) && textAt(row, place).trim() !== only.equals;
}

/** Does the field hold just this text, ASCII, without anything around it? */
function holds(bytes: Buffer, { start, end }: Place, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** `bucketOf` the record of a row. Plain ids are hashed as they lie in the bytes. */
function bucketOfRow(row: Go2Line, { record, key }: RowTable): number {
  const place = fieldAt(row, key.index) ?? { start: row.end, end: row.end };
  const plain = key.split === null ? plainBucketOf(record, row.bytes, place.start, place.end) : undefined;
  return plain ?? bucketOf(record, idIn(textAt(row, place), key));
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function textAt(row: Go2Line, place: Place): string {
  return rowOf({ ...row, ...place }).text;
}

/** A field of a row that is not split; undefined where the row is too short. */
function fieldAt({ bytes, start: from, end: to, delimiter }: Go2Line, index: number): Place | undefined {
  const mark = delimiter.charCodeAt(0);
  let start = from;
  for (let left = index; left > 0; start += 1) {
    if (start >= to) return undefined;
    if (bytes[start] === mark) left -= 1;
  }
  let end = start;
  while (end < to && bytes[end] !== mark) end += 1;
  return { start, end };
}

class Buckets {
  readonly #mask: number;
  readonly #words: readonly [Uint32Array, Uint32Array, Uint32Array];
  readonly #rows: Uint32Array;
  readonly #wide: Uint32Array;
  readonly #open: Uint8Array;
  /** By line of the file, one more than the place of its row's bucket; 0 where there is none. */
  #lines = new Uint32Array(2 ** 16);

  /** @param records the number of stored records */
  constructor(records: number) {
    let size = 1024;
    while (size < 2 * records && size < limits.recordBucketsMax) size *= 2;
    this.#mask = size - 1;
    this.#words = [new Uint32Array(size), new Uint32Array(size), new Uint32Array(size)];
    this.#rows = new Uint32Array(size);
    this.#wide = new Uint32Array(size);
    this.#open = new Uint8Array(size);
  }

  /** Adds what is stored; the number of records that can be recognised. */
  async load({ records, ledger }: TenantStore): Promise<number> {
    const [a, b, c] = this.#words;
    const count = await records.lineSums(({ bucket, words, wide }) => {
      const at = bucket & this.#mask;
      a[at] = (a[at] ?? 0) + words[0];
      b[at] = (b[at] ?? 0) + words[1];
      c[at] = (c[at] ?? 0) + words[2];
      this.#wide[at] = (this.#wide[at] ?? 0) + wide;
    });
    const exceptions = await ledger.exceptions({ state: 'open', severity: 'error' });
    for (const { record } of exceptions) this.#open[this.#at(record.type, record.id)] = 1;
    return count;
  }

  /** Takes off what stands on a line of the file, hashed to `words`. */
  take(bucket: number, words: Uint32Array, line: number): void {
    const [a, b, c] = this.#words;
    const at = bucket & this.#mask;
    a[at] = (a[at] ?? 0) - (words[0] ?? 0);
    b[at] = (b[at] ?? 0) - (words[1] ?? 0);
    c[at] = (c[at] ?? 0) - (words[2] ?? 0);
    this.#rows[at] = (this.#rows[at] ?? 0) + 1;
    if (line >= this.#lines.length && line < limits.linesRememberedMax) this.#grow();
    // Nothing is written behind the end.
    this.#lines[line] = at + 1;
  }

  /** Is it remembered that the record of the row on this line is unchanged? */
  isUnchangedLine(line: number): boolean {
    const place = this.#lines[line] ?? 0;
    return place > 0 && this.isUnchanged(place - 1);
  }

  isUnchanged(bucket: number): boolean {
    const [a, b, c] = this.#words;
    const at = bucket & this.#mask;
    return a[at] === 0 && b[at] === 0 && c[at] === 0 && this.#open[at] === 0;
  }

  /** How many rows of the file are unchanged, how many of those are wide, and whether nothing else is there. */
  unchanged(): { readonly unchanged: number; readonly wide: number; readonly all: boolean } {
    let unchanged = 0;
    let wide = 0;
    let all = true;
    for (let at = 0; at <= this.#mask; at += 1) {
      if (!this.isUnchanged(at)) {
        all = false;
        continue;
      }
      unchanged += this.#rows[at] ?? 0;
      wide += this.#wide[at] ?? 0;
    }
    return { unchanged, wide, all };
  }

  #grow(): void {
    const lines = new Uint32Array(this.#lines.length * 2);
    lines.set(this.#lines);
    this.#lines = lines;
  }

  #at(type: RecordType, id: string): number {
    return bucketOf(type, id) & this.#mask;
  }
}
