import type { IndexEntry, Sort, SortField, SortKey, SortValue } from './query.ts';

/** What a resource's index entries give a sort field: the least value, descending the greatest; null where none. */
export function sortValue(index: readonly IndexEntry[], { param, field, descending }: SortField): SortValue {
  let chosen: SortValue = null;
  for (const entry of index) {
    if (entry.param !== param) continue;
    const value = (entry as unknown as Readonly<Record<string, string | number | undefined>>)[field];
    if (value === undefined) continue;
    if (chosen === null || compareValues(value, chosen) * (descending ? -1 : 1) < 0) chosen = value;
  }
  return chosen;
}

/** Below 0 where `a` comes before `b`. The order of `Sort`, which every store must keep. */
export function compareKeys({ by, descending, keys = [] }: Sort, a: SortKey, b: SortKey): number {
  for (const [place, key] of keys.entries()) {
    const order = compareField(a.values?.[place] ?? null, b.values?.[place] ?? null, key.descending);
    if (order !== 0) return order;
  }
  const bySequence = by === 'id' ? 0 : a.sequence - b.sequence;
  return (bySequence || compareText(a.id, b.id)) * (descending ? -1 : 1);
}

function compareField(a: SortValue, b: SortValue, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareValues(a, b) * (descending ? -1 : 1);
}

function compareValues(a: string | number, b: string | number): number {
  return typeof a === 'number' ? a - Number(b) : compareText(a, String(b));
}

/** By code point, as UTF-8 bytes compare; UTF-16 units put astral characters before U+E000. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const one = a.charCodeAt(at);
    const other = b.charCodeAt(at);
    if (one !== other) return byCodePoint(one) - byCodePoint(other);
  }
  return a.length - b.length;
}

/** Lifts surrogates above all other units. */
function byCodePoint(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
