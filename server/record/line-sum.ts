import type { RecordKey } from './record.ts';

/**
 * The raw lines that a stored record was read from, as a sum: a file that brings exactly those lines of the record, in
 * any order, brings nothing new, and need not be parsed to know it. A sum and not an exclusive or, so that a line
 * which comes twice does not cancel itself.
 */
export interface LineSum {
  /** Of the record's key, 32 bits. Records that share it are told apart by nothing: they are unchanged together. */
  readonly bucket: number;
  /** Sums, modulo 2³², of the three words of each line's hash. */
  readonly words: readonly [number, number, number];
  /** Lines with more fields than their type is known to have. */
  readonly wide: number;
}

/** Marks the hash of a line that has more fields than its type is known to have. */
export const wideMark = '+';

const hexDigitsPerWord = 8;

/** FNV-1a over type and id. */
export function bucketOf(type: RecordKey['type'], id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < 3; at += 1) hash = Math.imul(hash ^ type.charCodeAt(at), 0x01000193);
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The same of an id in bytes; undefined where they are no printable ASCII, and must be read as text first. */
export function plainBucketOf(
  type: RecordKey['type'],
  bytes: Uint8Array,
  start: number,
  end: number,
): number | undefined {
  let hash = bucketOf(type, '');
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte <= 32 || byte >= 127) return undefined;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** @param lines hashes of all lines of a record (`ingest/line-hash.ts`, hex), `wideMark` behind those that are wide */
export function lineSum({ type, id }: RecordKey, lines: readonly string[]): LineSum {
  const words: [number, number, number] = [0, 0, 0];
  let wide = 0;
  for (const line of lines) {
    words[0] = (words[0] + hashWord(line, 0)) >>> 0;
    words[1] = (words[1] + hashWord(line, 1)) >>> 0;
    words[2] = (words[2] + hashWord(line, 2)) >>> 0;
    if (line.endsWith(wideMark)) wide += 1;
  }
  return { bucket: bucketOf(type, id), words, wide };
}

/** Word `place` (0, 1 or 2) of a line's hash. Digit by digit: half of what parsing a slice costs. */
function hashWord(hash: string, place: number): number {
  let word = 0;
  for (let at = place * hexDigitsPerWord; at < (place + 1) * hexDigitsPerWord; at += 1) {
    const code = hash.charCodeAt(at);
    word = (word << 4) | (code < 58 ? code - 48 : code - 87);
  }
  return word >>> 0;
}
