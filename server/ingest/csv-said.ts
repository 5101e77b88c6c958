import { limits } from '../core/limits.ts';
import type { CsvLayout } from './formats/csv/layout.ts';
import { lineHash } from './line-hash.ts';

/** What a report said, whatever the order of its lines: read in the same way, equal lines say the same. */
export interface Said {
  readonly reading: string;
  readonly rows: number;
  readonly lines: number;
  /** Three sums modulo 2³². */
  readonly words: readonly [number, number, number];
}

const lineFeed = 10;
const carriageReturn = 13;
const nothing: Buffer = Buffer.alloc(0);

/**
 * Sums the lines of a report below its header, as its bytes come. A sum and not an exclusive or, so that a line which
 * comes twice does not cancel itself. Constant memory: of lines that are cut by pieces, the beginning is kept.
 */
export class ReportSums {
  readonly reading: string;
  readonly #skip: number;
  readonly #hash: ReturnType<typeof lineHash>;
  readonly #words = new Uint32Array(3);
  #carry: Buffer = nothing;
  #seen = 0;
  #lines = 0;
  /** Of lines that are too long to be kept, or in which other rows may begin, sums tell nothing. */
  #tells = true;

  /** @param reading names how lines are read: under another one the sums differ */
  constructor({ skip }: Pick<CsvLayout, 'skip'>, reading: string) {
    this.reading = reading;
    this.#skip = skip;
    this.#hash = lineHash(reading);
  }

  /** Takes the next bytes of the file, which stay the caller's. */
  take(piece: Uint8Array): void {
    if (!this.#tells) return;
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    let start = 0;
    if (this.#carry.length > 0) {
      const end = bytes.indexOf(lineFeed) + 1 || bytes.length;
      this.#carry = Buffer.concat([this.#carry, bytes.subarray(0, end)]);
      start = end;
      if (this.#carry[this.#carry.length - 1] === lineFeed) {
        this.#add(this.#carry, 0, this.#carry.length);
        this.#carry = nothing;
      }
    }
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (end > start) this.#add(bytes, start, end);
    if (Math.max(start, end) < bytes.length) this.#carry = Buffer.from(bytes.subarray(Math.max(start, end)));
    if (this.#carry.length > limits.lineBytesMax) this.#tells = false;
  }

  /**
   * What all of it said, once it has ended. Undefined where that cannot be told by lines.
   *
   * @param rows of the report, as somebody counted them who read it
   */
  said(rows: number): Said | undefined {
    if (this.#carry.length > 0) this.#add(this.#carry, 0, this.#carry.length);
    this.#carry = nothing;
    const [a = 0, b = 0, c = 0] = this.#words;
    return this.#tells ? { reading: this.reading, rows, lines: this.#lines, words: [a, b, c] } : undefined;
  }

  /** Adds the lines from `from` to `to`, where one ends. */
  #add(bytes: Buffer, from: number, to: number): void {
    const returns = bytes.includes(carriageReturn, from);
    const words = this.#words;
    for (let start = from; start < to; ) {
      const feed = bytes.indexOf(lineFeed, start);
      let end = feed < 0 ? to : feed;
      const next = end + 1;
      if (returns) {
        if (end > start && bytes[end - 1] === carriageReturn) end -= 1;
        // A return by itself ends a row as well.
        const other = bytes.indexOf(carriageReturn, start);
        if (other >= 0 && other < end) this.#tells = false;
      }
      this.#seen += 1;
      if (this.#seen > this.#skip && end > start) {
        this.#lines += 1;
        const line = this.#hash.words(bytes, start, end);
        words[0] = (words[0] ?? 0) + (line[0] ?? 0);
        words[1] = (words[1] ?? 0) + (line[1] ?? 0);
        words[2] = (words[2] ?? 0) + (line[2] ?? 0);
      }
      start = next;
    }
  }
}

/** The same of a file that lies there whole. */
export async function sumsOf(bytes: AsyncIterable<Uint8Array>, sums: ReportSums): Promise<ReportSums> {
  for await (const piece of bytes) sums.take(piece);
  return sums;
}
