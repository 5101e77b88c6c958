import { limits } from '../../core/limits.ts';
import type { Predicate, Query, Sort, SortKey } from '../../search/query.ts';
import type { ResourceKey } from '../port.ts';
import type { Connection } from './connection.ts';

/** Where a resource stands now: the number of its current version, and whether that is its deletion. */
export type Current = readonly [vid: number, deleted: number];

/** A page as numbers of versions, whose bytes are in memory or on disk. */
export interface KeptPage {
  readonly vids: readonly number[];
  readonly next: SortKey | undefined;
  readonly total: number | undefined;
}

/**
 * What was read off a tenant's file, kept until somebody writes to it: systems read the same people and ask the same
 * questions again and again between two ESR files. The look-up of an id is a tenth of a read, the query a third of a
 * search (measured).
 */
export interface KeptAnswers {
  /** What `look` gives, or gave; undefined is not kept. */
  current(key: ResourceKey, look: () => Current | undefined): Current | undefined;
  /** Likewise. Bound searches are kept, so that the same question comes with the same `where` and `sort`. */
  page(query: Query, look: () => KeptPage): KeptPage;
  forget(): void;
}

interface PagesOfSearch {
  readonly sort: Sort;
  readonly pages: Map<string, KeptPage>;
}

/** What numbers a page holds besides its versions', as memory. */
const pageOverhead = 20;

export function keptAnswers(data: Connection): KeptAnswers {
  let under: number | undefined;
  let currents = new Map<string, Map<string, Current>>();
  let searches = new WeakMap<Predicate, PagesOfSearch>();
  let numbers = 0;

  const forget = () => {
    currents = new Map();
    searches = new WeakMap();
    numbers = 0;
  };
  /** False where nothing may be kept. */
  const fresh = (): boolean => {
    const generation = data.generation();
    if (generation === undefined) return false;
    if (generation !== under || numbers > limits.keptNumbersMax) forget();
    under = generation;
    return true;
  };

  const currentsOf = ({ contract, type }: ResourceKey): Map<string, Current> => {
    const name = `${contract}/${type}`;
    const known = currents.get(name) ?? new Map<string, Current>();
    if (known.size === 0) currents.set(name, known);
    return known;
  };

  return {
    forget,

    current(key, look) {
      if (!fresh()) return look();
      const ofType = currentsOf(key);
      const known = ofType.get(key.id);
      if (known !== undefined) return known;
      const found = look();
      if (found === undefined) return undefined;
      ofType.set(key.id, found);
      numbers += pageOverhead;
      return found;
    },

    page(query, look) {
      if (!fresh()) return look();
      const { where, sort, type, contract, count, total, after } = query;
      const at = after === undefined ? '' : JSON.stringify([after.sequence, after.id, after.values]);
      const key = `${contract} ${type} ${count} ${total} ${at}`;
      const known = searches.get(where);
      const kept = known?.sort === sort ? known.pages.get(key) : undefined;
      if (kept !== undefined) return kept;
      const found = look();
      const pages = known?.sort === sort ? known.pages : new Map<string, KeptPage>();
      searches.set(where, { sort, pages: pages.set(key, found) });
      numbers += found.vids.length + pageOverhead;
      return found;
    },
  };
}
