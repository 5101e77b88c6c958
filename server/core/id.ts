import { hash, randomBytes, randomUUID } from 'node:crypto';

/** Name space of every id that we derive (RFC 9562, version 5). */
const nameSpace = Buffer.from('6d1f6f0e3c7b5d2a9c51e5f0a4c2b817', 'hex');

/** A random UUID, version 4. */
export function randomId(): string {
  return randomUUID();
}

/**
 * A UUID, version 7 (RFC 9562 6.2, method 1): random but for its beginning, the time and a count within it, so that ids
 * of this process are in the order of their making, and stand beside each other in an index. Its time never goes back:
 * it may be later than `at`.
 *
 * @param at ISO 8601
 */
export function orderedId(at: string): string {
  const { ms, count } = newest;
  const now = at > newest.at ? Math.max(Date.parse(at), ms) : ms;
  if (now > ms) begin(at, now);
  else if (count === countMax) begin(newest.at, ms + 1);
  else newest.count += 1;
  return newest.beginning + newest.count.toString(16).padStart(3, '0') + randomEnd();
}

const countMax = 0xfff;

/** Random digits, made for many ids at once: a UUID of its own for each costs three times as much. */
let random = { digits: '', used: 0 };
const randomDigits = 16;

/** The last two parts of a UUID. */
function randomEnd(): string {
  if (random.used === random.digits.length) random = { digits: randomBytes(2048).toString('hex'), used: 0 };
  const { digits, used } = random;
  random.used += randomDigits;
  const variant = variantOf(digits.charAt(used));
  return `-${variant}${digits.slice(used + 1, used + 4)}-${digits.slice(used + 4, used + randomDigits)}`;
}

/** RFC 9562 4.1: the two highest bits of the digit are 10. */
function variantOf(digit: string): string {
  return ((Number.parseInt(digit, 16) & 0x3) | 0x8).toString(16);
}

/** Rows come many to a millisecond. */
let newest = { at: '', ms: 0, count: 0, beginning: '' };

function begin(at: string, ms: number): void {
  const time = ms.toString(16).padStart(12, '0');
  newest = { at, ms, count: 0, beginning: `${time.slice(0, 8)}-${time.slice(8)}-7` };
}

/**
 * The name-based UUID (RFC 9562 version 5) of `parts`: the same parts give the same id on every machine.
 * Parts are joined by U+0000, which no ESR key holds, so that ('a', 'bc') and ('ab', 'c') differ.
 */
export function derivedId(...parts: readonly string[]): string {
  // One-shot: a Hash object costs three times as much, and an ingest derives ids by the ten thousands.
  return uuid(hash('sha1', Buffer.concat([nameSpace, Buffer.from(parts.join('\u0000'))]), 'hex'), '5');
}

/** Two UUIDs (RFC 9562 version 8) of `parts` for the price of one: both halves of their SHA-256. */
export function derivedPair(...parts: readonly string[]): readonly [string, string] {
  const hex = hash('sha256', parts.join('\u0000'), 'hex');
  return [uuid(hex, '8'), uuid(hex.slice(32), '8')];
}

/** Of the first 128 bits. */
function uuid(hex: string, version: string): string {
  const [low, high] = [`${version}${hex.slice(13, 16)}`, `${variantOf(hex.charAt(16))}${hex.slice(17, 20)}`];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${low}-${high}-${hex.slice(20, 32)}`;
}
