import { limits } from '../core/limits.ts';
import { type BindContext, type BoundSearch, bindSearch } from '../search/bind.ts';
import { parseSearch } from '../search/parse.ts';
import type { Checked } from '../search/problem.ts';

/** Parses and binds, remembering what it bound: clients ask the same few questions again and again. */
export type BoundSearches = (raw: string, context: BoundContext) => Checked<BoundSearch>;

interface BoundContext extends BindContext {
  /** Names of the mask that the parameters are left of. */
  readonly mask: readonly string[];
}

/** Longer query strings are bound each time, so that the memory has an upper limit in bytes too. */
const rememberedCharactersMax = 1024;

/** A value that begins with `ap`, however it is encoded: what it means depends on the time of asking. */
const timely = /(?:=|,|%2C)(?:a|%61)(?:p|%70)/i;

export function boundSearches(): BoundSearches {
  // Two generations: when the young one is full it becomes the old one. Cheaper than keeping an exact order of use.
  let young = new Map<string, Checked<BoundSearch>>();
  let old = young;
  return (raw, context) => {
    if (raw.length > rememberedCharactersMax || timely.test(raw)) return bind(raw, context);
    const key = `${context.base} ${context.type} ${context.lenient} ${context.mask.join()} ${raw}`;
    const known = young.get(key);
    if (known !== undefined) return known;
    const bound = old.get(key) ?? bind(raw, context);
    if (young.size >= limits.boundSearchesMax / 2) {
      old = young;
      young = new Map();
    }
    young.set(key, bound);
    return bound;
  };
}

function bind(raw: string, context: BindContext): Checked<BoundSearch> {
  const parsed = parseSearch(raw);
  return parsed.ok ? bindSearch(parsed.value, context) : parsed;
}
