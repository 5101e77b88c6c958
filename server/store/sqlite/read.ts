import { assert, present } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import { unitText } from '../../record/unit.ts';
import type { Predicate, Query, Sort, SortKey, SortValue } from '../../search/query.ts';
import type { ResourceHead, ResourceKey, ResourceReader, SearchPage, StoredVersion } from '../port.ts';
import { parseUnit } from '../unit-text.ts';
import type { CacheShard } from './body-cache.ts';
import type { Connection } from './connection.ts';
import type { Contracts } from './contracts.ts';
import type { Bound, Fragment } from './fragment.ts';
import type { Current, KeptAnswers, KeptPage } from './kept-answers.ts';
import type { Layouts } from './predicate.ts';
import { compileBoundary, compileCount, compilePage, type Driver, drivers, probeRowsMax } from './query.ts';
import { compileSorted } from './sorted.ts';

type VersionRow = [
  vid: number,
  id: string,
  version: number,
  sequence: number,
  at: string,
  change: string,
  body: Buffer,
];

const versionColumns = `SELECT v.vid, r.id, v.version, v.sequence, b.at, v.change, v.body
  FROM version v JOIN resource r ON r.rid = v.rid JOIN batch b ON b.sequence = v.sequence`;

function versionOf({ contract, type }: Omit<ResourceKey, 'id'>, row: VersionRow): StoredVersion {
  const [, id, version, sequence, at, change, body] = row;
  return { contract, type, id, version, sequence, at, change: change as StoredVersion['change'], body };
}

const noVersions: readonly StoredVersion[] = [];

/** Reads of resources: an id leads to the number of its current version, that to bytes in memory or on disk. */
export function resourceReader(
  data: Connection,
  contracts: Contracts,
  kept: KeptAnswers,
  cache: CacheShard,
): ResourceReader {
  const load = (key: Omit<ResourceKey, 'id'>, vid: number): StoredVersion => {
    const known = cache.get(vid);
    if (known !== undefined) return known;
    const stored = versionOf(
      key,
      present(data.row<VersionRow>(`${versionColumns} WHERE v.vid = ?`, vid), 'the version'),
    );
    cache.set(vid, stored);
    return stored;
  };

  const current = (key: ResourceKey, deletedToo: boolean): StoredVersion | undefined => {
    const row = kept.current(key, () => {
      const partition = contracts.partition(key.contract, key.type);
      return partition === undefined ? undefined : data.row<[...Current]>(currentOf, partition, key.id);
    });
    if (row === undefined || (row[1] === 1 && !deletedToo)) return undefined;
    return load(key, row[0]);
  };

  return {
    async read(key) {
      return current(key, true);
    },

    async vread(key, version) {
      const vid = data.value<number>(vidOf, key.contract, key.type, key.id, version);
      return vid === undefined ? undefined : load(key, vid);
    },

    async history(key, page) {
      const before = page.before ?? Number.MAX_SAFE_INTEGER;
      const vids = data.values<number>(vidsOf, key.contract, key.type, key.id, before, page.count);
      return vids.map((vid) => load(key, vid));
    },

    async readMany(keys) {
      return keys.map((key) => current(key, false)).filter((found) => found !== undefined);
    },

    async search(query) {
      const layouts = contracts.existing(query.contract);
      if (layouts === undefined) return empty(query);
      const { vids, ...page } = kept.page(query, () => search(data, layouts, query, (vid) => load(query, vid)));
      return { ...page, matches: vids.map((vid) => load(query, vid)) };
    },

    async targets(keys, param) {
      return [...new Set(keys.flatMap((key) => targetsOf(data, contracts, key, param)))];
    },

    async heads(keys) {
      return headsOfKeys(data, keys);
    },

    async owned(units) {
      return data.rows<HeadRow>(headsOf, JSON.stringify(units.map(unitText))).map(toHead);
    },

    async counts(contract) {
      return countsOf(data, contracts.existing(contract));
    },
  };
}

function countsOf(data: Connection, layouts: Layouts | undefined): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [type, layout] of layouts ?? []) {
    const count = data.value<number>(`SELECT COUNT(*) FROM ${layout.wide}`) ?? 0;
    if (count > 0) counts[type] = count;
  }
  return counts;
}

const currentOf = 'SELECT current, deleted FROM resource WHERE partition = ? AND id = ?';
const ofResource = `FROM version v WHERE v.rid = (SELECT r.rid FROM resource r
  JOIN partition p ON p.id = r.partition WHERE p.contract = ? AND p.type = ? AND r.id = ?)`;
const vidOf = `SELECT v.vid ${ofResource} AND v.version = ?`;
const vidsOf = `SELECT v.vid ${ofResource} AND v.version < ? ORDER BY v.version DESC LIMIT ?`;

type HeadRow = [string, string, string, number, number, string, string | null];

const headColumns = 'p.contract, p.type, r.id, r.version, r.deleted, r.hash, r.unit';
const headsByKey = `SELECT ${headColumns} FROM json_each(?) j
  CROSS JOIN partition p ON p.contract = j.value ->> 'contract' AND p.type = j.value ->> 'type'
  CROSS JOIN resource r ON r.partition = p.id AND r.id = j.value ->> 'id'`;
const headsOf = `SELECT ${headColumns}
  FROM resource r JOIN partition p ON p.id = r.partition
  WHERE r.unit IN (SELECT value FROM json_each(?)) ORDER BY p.contract, p.type, r.id`;

function headsOfKeys(data: Connection, keys: readonly ResourceKey[]): readonly ResourceHead[] {
  const asked = keys.map(({ contract, type, id }) => ({ contract, type, id }));
  return data.rows<HeadRow>(headsByKey, JSON.stringify(asked)).map(toHead);
}

function toHead([contract, type, id, version, deleted, hash, unit]: HeadRow): ResourceHead {
  return { contract, type, id, version, deleted: deleted === 1, hash, unit: unit === null ? null : parseUnit(unit) };
}

function empty(query: Query): SearchPage {
  return { matches: noVersions, next: undefined, total: query.total || query.count === 0 ? 0 : undefined };
}

function search(data: Connection, layouts: Layouts, query: Query, load: (vid: number) => StoredVersion): KeptPage {
  const value = (fragment: Fragment) => data.value<number>(fragment.text, ...(fragment.params as Bound[])) ?? 0;
  const { best, few } = chosen(query, layouts, value);
  const driver = best === undefined || best.ordered || few ? best : undefined;
  const counting = query.total || query.count === 0;
  const total = counting ? value(compileCount(query, layouts, best)) : undefined;
  if (query.count === 0) return { vids: [], next: undefined, total };
  const boundary = compileBoundary(query, layouts);
  const place = { boundary: boundary === undefined ? undefined : value(boundary), few: few ? driver : undefined };
  if (query.sort.keys !== undefined) return { ...sortedPage(data, layouts, query, place, load), total };
  const page = compilePage(query, layouts, query.sort.by === 'id' ? place.few : driver, place.boundary);
  const found = data.values<number>(page.text, ...page.params);
  const more = found.length > query.count;
  const vids = more ? found.slice(0, query.count) : found;
  return { vids, next: more ? positionAfter(vids, load) : undefined, total };
}

function positionAfter(vids: readonly number[], load: (vid: number) => StoredVersion): SortKey {
  const { sequence, id } = load(present(vids.at(-1), 'the last of a page'));
  return { sequence, id };
}

type SortedRow = readonly [vid: number, ...values: SortValue[]];

/** `few`: the driver, where it brings so few rows that sorting them beats walking the order. */
function sortedPage(
  data: Connection,
  layouts: Layouts,
  query: Query,
  { boundary, few }: { readonly boundary: number | undefined; readonly few: Driver | undefined },
  load: (vid: number) => StoredVersion,
): Omit<KeptPage, 'total'> {
  const cursor = query.after?.values;
  const rows: SortedRow[] = [];
  for (const of of ['valued', 'rest'] as const) {
    const limit = query.count + 1 - rows.length;
    const here = cursor !== undefined && (cursor[0] === null) === (of === 'rest');
    if (limit === 0 || (of === 'valued' && cursor !== undefined && !here)) continue;
    const part = { of, after: here ? cursor : undefined, boundary, limit };
    const { text, params } = compileSorted(query, layouts, few, part);
    rows.push(...data.rows<SortedRow>(text, ...params));
  }
  const page = rows.slice(0, query.count);
  const vids = page.map(([vid]) => vid);
  const [, ...values] = page.at(-1) ?? [0];
  return { vids, next: rows.length > query.count ? { ...positionAfter(vids, load), values } : undefined };
}

interface Choice {
  readonly best: Driver | undefined;
  readonly few: boolean;
}

interface KeptChoice extends Choice {
  readonly layouts: Layouts;
  readonly sort: Sort;
  /** `performance.now()` */
  readonly until: number;
}

const choices = new WeakMap<Predicate, KeptChoice>();

/**
 * The choice for a search that was asked a moment ago: probing is a tenth of a search. Bound searches are kept, so
 * that the same question comes with the same `where`; an outdated choice costs time and changes no answer.
 */
function chosen(query: Query, layouts: Layouts, value: (probe: Fragment) => number): Choice {
  const { where, sort } = query;
  const kept = choices.get(where);
  const now = performance.now();
  if (kept !== undefined && kept.until > now && kept.layouts === layouts && kept.sort === sort) return kept;
  const made = choose(drivers(query, layouts), value, sort);
  choices.set(where, { ...made, layouts, sort, until: now + limits.searchPlanMs });
  return made;
}

/**
 * The driver with the fewest rows. A lone one that comes in the order asked needs no probe: it serves a page anyway.
 */
function choose(candidates: readonly Driver[], value: (probe: Fragment) => number, sort: Sort): Choice {
  const [only, ...others] = candidates;
  if (only === undefined) return { best: undefined, few: false };
  const plain = sort.by === 'sequence' && sort.keys === undefined;
  if (others.length === 0 && only.ordered && plain) return { best: only, few: false };
  let best = only;
  let fewest = value(only.probe());
  for (const driver of others) {
    const rows = value(driver.probe());
    if (rows < fewest || (rows === fewest && driver.ordered && !best.ordered)) {
      best = driver;
      fewest = rows;
    }
  }
  return { best, few: fewest < probeRowsMax };
}

function targetsOf(data: Connection, contracts: Contracts, key: ResourceKey, param: string): readonly string[] {
  const partition = contracts.partition(key.contract, key.type);
  const layout = contracts.existing(key.contract)?.get(key.type);
  if (partition === undefined || layout === undefined) return [];
  const parameter = present(layout.parameters.get(param), `the search parameter ${key.type}.${param}`);
  assert(parameter.kind === 'reference', 'targets are those of a reference');
  const column = present(parameter.columns[0], 'the target');
  const from = parameter.side ?? layout.wide;
  return data.values<string>(
    `SELECT t.${column} FROM resource r CROSS JOIN ${from} t ON t.vid = r.current
      WHERE r.partition = ? AND r.id = ? AND t.${column} IS NOT NULL`,
    partition,
    key.id,
  );
}
