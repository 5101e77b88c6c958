/** A small seeded pseudo-random source (mulberry32): the same seed gives the same numbers on every machine. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  /** A whole number in [low, high], both ends included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** One of `list`, as often as its weight says. */
  weighted<T extends { readonly weight: number }>(list: readonly T[]): T;
}

/** `seed` as text and any whole numbers after it (what for, which one) make one stream of their own. */
export function randomOf(seed: string, ...numbers: readonly number[]): Random {
  let state = textSeed(seed);
  for (const number of numbers) state = scramble(state ^ Math.imul(number + 0x9e3779b9, 0x85ebca6b));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    weighted(list) {
      let left = next() * list.reduce((sum, item) => sum + item.weight, 0);
      for (const item of list) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return list[list.length - 1] as (typeof list)[number];
    },
  };
}

const seeds = new Map<string, number>();

function textSeed(text: string): number {
  let seed = seeds.get(text);
  if (seed === undefined) {
    seed = 0x811c9dc5;
    for (const byte of Buffer.from(text)) seed = Math.imul(seed ^ byte, 0x01000193);
    seeds.set(text, seed);
  }
  return seed;
}

function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
