import { elementEntries } from './element-entries.ts';
import type { SearchParameters } from './parameters.ts';
import { compilePath } from './path.ts';
import type { IndexEntry } from './query.ts';

/** A resource as parsed JSON → every index entry of it, without repetitions. Types we do not search have none. */
export type Extract = (resource: { readonly resourceType: string }) => readonly IndexEntry[];

/** Compiles the parameters once; the result is pure and costs a few microseconds per resource. */
export function compileExtract(parameters: SearchParameters): Extract {
  const byType = new Map(
    [...parameters].map(([type, ofType]) => [
      type,
      [...ofType.values()].map((parameter) => ({
        select: compilePath(parameter.path, parameter.of),
        convert: elementEntries(parameter),
      })),
    ]),
  );
  return (resource) => {
    const entries: IndexEntry[] = [];
    for (const { select, convert } of byType.get(resource.resourceType) ?? []) {
      const start = entries.length;
      select(resource, (element) => convert(element, (entry) => addOnce(entries, start, entry)));
    }
    return entries;
  };
}

/**
 * The entries of a version whose writer gave either them or the parameters to find them by.
 *
 * @param body JSON of a resource
 */
export function entriesIn(index: readonly IndexEntry[] | SearchParameters, body: string): readonly IndexEntry[] {
  if (isEntries(index)) return index;
  let extract = compiled.get(index);
  if (extract === undefined) {
    extract = compileExtract(index);
    compiled.set(index, extract);
  }
  return extract(JSON.parse(body) as { readonly resourceType: string });
}

const compiled = new WeakMap<SearchParameters, Extract>();

function isEntries(index: readonly IndexEntry[] | SearchParameters): index is readonly IndexEntry[] {
  return Array.isArray(index);
}

/** One parameter's entries begin at `start`; they are few, so a scan beats a set. */
function addOnce(entries: IndexEntry[], start: number, entry: IndexEntry): void {
  for (let at = start; at < entries.length; at++) {
    const other = entries[at];
    if (other !== undefined && same(other, entry)) return;
  }
  entries.push(entry);
}

function same(a: IndexEntry, b: IndexEntry): boolean {
  if (a.param !== b.param) return false;
  switch (a.kind) {
    case 'token':
      return b.kind === 'token' && a.code === b.code && a.system === b.system;
    case 'string':
      return b.kind === 'string' && a.value === b.value;
    case 'date':
      return b.kind === 'date' && a.low === b.low && a.high === b.high;
    case 'reference':
      return b.kind === 'reference' && a.target === b.target;
    case 'uri':
      return b.kind === 'uri' && a.value === b.value;
  }
}
