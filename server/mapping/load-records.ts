import { limits } from '../core/limits.ts';
import { keyText, type RecordKey, type SourceRecord } from '../record/record.ts';
import type { Unit, UnitKind } from '../record/unit.ts';
import type { RecordSet } from './projection.ts';
import type { MappingReader } from './record-reader.ts';
import { recordSet } from './record-set.ts';
import { crsUuidReference, crsUuidsOf, linksOf } from './references.ts';

/**
 * Records that many units share: organisations, locations, NHS_NACS_CODE rows. Valid while no such record changes, e.g.
 * while the units of one file are projected, whose records have all been written before. Emptied between two loads once
 * it has grown large, so that it takes the same memory however many organisations there are.
 */
export interface RecordCache {
  /** By `type/id`; null = not there. */
  readonly records: Map<string, SourceRecord | null>;
  /** Organisations by NACS code. */
  readonly carriers: Map<string, readonly RecordKey[]>;
}

export function recordCache(): RecordCache {
  return { records: new Map(), carriers: new Map() };
}

/** Types that are few and read by many units: they are cached. */
const cachedTypes: ReadonlySet<string> = new Set(['organisation', 'location', 'nacs']);

const recordOfUnit = {
  location: 'location',
  employer: 'nacs',
  organisation: 'organisation',
  position: 'position',
  person: 'person',
} as const satisfies Record<UnitKind, RecordKey['type']>;

/**
 * Loads what the projection of `units` reads: a constant number of calls for any number of units, plus one per level
 * of the organisation tree that the cache does not hold.
 *
 * @param ods the tenant's ODS codes: the first is the default employer
 * @param cache of an earlier call, where no organisation, location or NACS row has changed since
 */
export async function loadRecords(
  units: readonly Unit[],
  reader: MappingReader,
  ods: readonly string[],
  cache: RecordCache = recordCache(),
): Promise<RecordSet> {
  if (cache.records.size > limits.sharedRecordsKeptMax) {
    cache.records.clear();
    cache.carriers.clear();
  }
  const loading = new Loading(reader, cache);
  const starts = units.map((unit): RecordKey => ({ type: recordOfUnit[unit.kind], id: unit.id }));
  const held = starts.filter(({ type }) => type === 'person' || type === 'position');
  await loading.get(starts);
  const owners = loading.fresh();
  const uuids = owners.flatMap((owner) => crsUuidsOf(owner).map(crsUuidReference));
  await loading.get(held.length === 0 ? [] : await reader.referring([...held, ...uuids]));
  const shown = [...owners, ...loading.fresh()];
  await loading.get(targets(shown, ['person', 'position', 'location', 'organisation']));
  await loading.organisations(ods.slice(0, 1));
  return recordSet(loading.records.values());
}

function targets(records: readonly SourceRecord[], types: readonly RecordKey['type'][]): readonly RecordKey[] {
  return records.flatMap((record) => linksOf(record).filter(({ type }) => types.includes(type)));
}

class Loading {
  readonly records = new Map<string, SourceRecord>();
  readonly #asked = new Set<string>();
  readonly #reader: MappingReader;
  readonly #cache: RecordCache;
  #fresh: SourceRecord[] = [];

  constructor(reader: MappingReader, cache: RecordCache) {
    this.#reader = reader;
    this.#cache = cache;
  }

  /** Records that came since the last call. */
  fresh(): readonly SourceRecord[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  async get(keys: readonly RecordKey[]): Promise<void> {
    const missing: RecordKey[] = [];
    for (const key of keys) {
      const text = keyText(key);
      if (this.#asked.has(text)) continue;
      this.#asked.add(text);
      const cached = this.#cache.records.get(text);
      if (cached === undefined) missing.push({ type: key.type, id: key.id });
      else if (cached !== null) this.#take(text, cached);
    }
    if (missing.length === 0) return;
    for (const record of await this.#reader.get(missing)) this.#take(keyText(record), record);
    for (const key of missing) {
      if (!cachedTypes.has(key.type)) continue;
      const text = keyText(key);
      this.#cache.records.set(text, this.records.get(text) ?? null);
    }
  }

  /** Parents of the organisations loaded, up to the top, and every carrier of their NACS codes and of `ods`. */
  async organisations(ods: readonly string[]): Promise<void> {
    const codes = new Set<string>();
    let wanted: readonly string[] = ods;
    let level: readonly SourceRecord[] = [...this.records.values()].filter(({ type }) => type === 'organisation');
    await this.get(ods.map((id) => ({ type: 'nacs', id })));
    this.fresh();
    while (level.length > 0 || wanted.length > 0) {
      const carried = targets(level, ['nacs']).map(({ id }) => id);
      const news = [...new Set([...wanted, ...carried])].filter((code) => !codes.has(code));
      for (const code of news) codes.add(code);
      wanted = [];
      await this.get([...(await this.#carriers(news)), ...targets(level, ['organisation'])]);
      level = this.fresh().filter(({ type }) => type === 'organisation');
    }
  }

  async #carriers(codes: readonly string[]): Promise<readonly RecordKey[]> {
    const unknown = codes.filter((code) => !this.#cache.carriers.has(code));
    if (unknown.length > 0) await this.#readCarriers(unknown);
    return codes.flatMap((code) => this.#cache.carriers.get(code) ?? []);
  }

  async #readCarriers(codes: readonly string[]): Promise<void> {
    const keys = await this.#reader.referring(codes.map((id) => ({ type: 'nacs', id })));
    await this.get(keys);
    for (const code of codes) {
      const carriers = keys.filter((key) =>
        linksOf(this.records.get(keyText(key)) ?? emptyRecord).some(({ type, id }) => type === 'nacs' && id === code),
      );
      this.#cache.carriers.set(code, carriers);
    }
  }

  #take(text: string, record: SourceRecord): void {
    this.records.set(text, record);
    this.#fresh.push(record);
  }
}

const emptyRecord: SourceRecord = { type: 'nacs', id: '', file: '', hash: '', slices: [] };
