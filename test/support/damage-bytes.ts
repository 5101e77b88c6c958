import type { Dice } from './dice.ts';

/** The first `part` of `of` equal parts of a file. */
export function truncated(bytes: Uint8Array, part: number, of: number): Uint8Array {
  return bytes.subarray(0, Math.floor((bytes.length * part) / of));
}

/** One byte somewhere is another now, any of the 255 others. */
export function flipped(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const place = dice.number(bytes.length);
  copy[place] = ((copy[place] ?? 0) + 1 + dice.number(255)) % 256;
  return copy;
}

/** The lines between the first and the last `tail` ones in another order. */
export function shuffled(bytes: Uint8Array, tail: number, dice: Dice): Uint8Array {
  const { first, rows, last } = parts(bytes, tail);
  const order = rows.map((row) => ({ row, place: dice.number(1_000_000) })).sort((a, b) => a.place - b.place);
  return joined([...first, ...order.map(({ row }) => row), ...last]);
}

/** Every row twice; the trailer stays as it is. */
export function doubled(bytes: Uint8Array, tail: number): Uint8Array {
  const { first, rows, last } = parts(bytes, tail);
  return joined([...first, ...rows, ...rows, ...last]);
}

/** ISO-8859-1 lines of which about each second one is UTF-8 instead (or the other way round). */
export function mixed(bytes: Uint8Array, dice: Dice, from: 'latin1' | 'utf8'): Uint8Array {
  const to = from === 'latin1' ? 'utf8' : 'latin1';
  const lines = Buffer.from(bytes).toString(from).split('\n');
  return Buffer.concat(lines.map((line, at) => encoded(at === lines.length - 1 ? line : `${line}\n`, dice, from, to)));
}

function encoded(line: string, dice: Dice, from: BufferEncoding, to: BufferEncoding): Buffer {
  return Buffer.from(line, dice.chance(0.5) ? from : to);
}

interface Parts {
  readonly first: readonly string[];
  readonly rows: readonly string[];
  readonly last: readonly string[];
}

function parts(bytes: Uint8Array, tail: number): Parts {
  const lines = Buffer.from(bytes).toString('latin1').trimEnd().split('\n');
  const end = lines.length - tail;
  return { first: lines.slice(0, 1), rows: lines.slice(1, end), last: lines.slice(end) };
}

function joined(lines: readonly string[]): Uint8Array {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1');
}
