import { assert } from '../../core/assert.ts';
import type { IndexEntry } from '../../search/query.ts';

/**
 * What a resource is found by, as texts in one array under one index, so that a page in `_lastUpdated` order is a range
 * of it whatever is searched, and a new parameter needs no new index. The mark after the name keeps kinds apart:
 *
 * | key            | of                                    |
 * |----------------|---------------------------------------|
 * | `p=system|code`| a token; without a system `p=|code`   |
 * | `p~code`       | a token under any system              |
 * | `p@system`     | a system, whatever the code           |
 * | `p^folded`     | a string, for prefixes and parts      |
 * | `p$original`   | a string, exact                       |
 * | `p>Type/id`    | a reference                           |
 * | `p#uri`        | a URI                                 |
 * | `p!`           | that there is a value at all          |
 *
 * `p` holds none of the marks. A `|` in a system is escaped: the first bare one ends it.
 */
const paramPattern = /^[A-Za-z_][A-Za-z0-9_:-]{0,63}$/;

export const keys = {
  token: (param: string, system: string, code: string) => `${param}=${escaped(system)}|${code}`,
  code: (param: string, code: string) => `${param}~${code}`,
  system: (param: string, system: string) => `${param}@${system}`,
  folded: (param: string, folded: string) => `${param}^${folded}`,
  exact: (param: string, value: string) => `${param}$${value}`,
  reference: (param: string, target: string) => `${param}>${target}`,
  uri: (param: string, value: string) => `${param}#${value}`,
  present: (param: string) => `${param}!`,
} as const;

/** Every key of a resource's index entries, each once. Dates have none but that they are there. */
export function keysOf(entries: readonly IndexEntry[]): readonly string[] {
  return [...new Set(entries.flatMap(keysOfEntry))];
}

function keysOfEntry(entry: IndexEntry): readonly string[] {
  const { param } = entry;
  assert(paramPattern.test(param), 'a search parameter has a plain name');
  const there = keys.present(param);
  switch (entry.kind) {
    case 'token': {
      const system = entry.system ?? '';
      const { code } = entry;
      return [there, keys.token(param, system, code), keys.code(param, code), keys.system(param, system)];
    }
    case 'string':
      return [there, keys.folded(param, entry.folded), keys.exact(param, entry.value)];
    case 'reference':
      return [there, keys.reference(param, entry.target)];
    case 'uri':
      return [there, keys.uri(param, entry.value)];
    case 'date':
      return [there];
  }
}

/** The targets among a resource's keys. */
export function targetsAmong(found: readonly string[], param: string): readonly string[] {
  const before = keys.reference(param, '');
  return found.filter((key) => key.startsWith(before)).map((key) => key.slice(before.length));
}

/** Keys that begin with `before`, as a pattern that an index serves; `inside` may then stand anywhere after it. */
export function keyPattern(before: string, inside = ''): RegExp {
  return new RegExp(`^${literal(before)}${inside === '' ? '' : `[\\s\\S]*${literal(inside)}`}`);
}

/** MongoDB reads a bound off the start of a pattern only where nothing but ASCII punctuation is escaped. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function escaped(system: string): string {
  return system.replace(/[\\|]/g, '\\$&');
}
