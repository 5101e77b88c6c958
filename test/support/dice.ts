/** Random choices from a seed: the same seed, the same choices. */
export interface Dice {
  /** 0 ≤ n < `below`, whole. */
  number(below: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Up to `max` different ones. */
  some<T>(from: readonly T[], max: number): readonly T[];
}

/** Mulberry32. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const number = (below: number) => Math.floor(next() * below);
  const pick = <T>(from: readonly T[]): T => from[number(from.length)] as T;
  return {
    number,
    pick,
    chance: (share) => next() < share,
    some: <T>(from: readonly T[], max: number) => [
      ...new Set(Array.from({ length: number(max + 1) }, () => pick(from))),
    ],
  };
}
