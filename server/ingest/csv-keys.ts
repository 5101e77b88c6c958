import { contentHash } from '../core/hash.ts';
import { limits } from '../core/limits.ts';
import { fold } from '../mapping/code-list.ts';
import { organisationName } from '../mapping/esr-name.ts';
import { numbersOf } from '../mapping/numbers.ts';
import { madeKeyPrefix, type RecordKey, type RecordType, type SourceRecord } from '../record/record.ts';
import type { RecordReader } from '../store/port.ts';
import type { Draft } from './formats/csv/draft.ts';

/** The key of a drafted record: an id, `ambiguous` where several stored records match, `none` where nothing tells. */
export type FoundKey = { readonly id: string } | 'ambiguous' | 'none';

/** A link of an organisation chain, from the top down. */
export interface Link {
  readonly name: string;
  readonly path: string;
  readonly key: FoundKey;
}

/** Finds the keys of records that a CSV names by numbers or names (meaning.md, CSV without ESR ids). */
export class CsvKeys {
  readonly #records: RecordReader;
  /** Organisations by path, for the file: rows repeat few of them. */
  readonly #organisations = new Map<string, FoundKey>();

  constructor(records: RecordReader) {
    this.#records = records;
  }

  /**
   * The keys of these drafts: ESR's id; else the one stored record that goes by the same number; else a key made from
   * the number.
   */
  async find(drafts: readonly Draft[]): Promise<ReadonlyMap<Draft, FoundKey>> {
    const numbers = new Map<Draft, readonly string[]>();
    for (const draft of drafts) if (draft.esrId === undefined) numbers.set(draft, numbersOf(draft.type, [draft]));
    const stored = await this.#byNumber([...numbers.values()].flat());
    return new Map(drafts.map((draft) => [draft, keyOf(draft, numbers.get(draft) ?? [], stored)]));
  }

  /**
   * Resolves organisation chains level by level: an organisation is found by its name, of several with one name by its
   * parent too. `names` runs from the top down; an `id` is ESR's own of the last one.
   */
  async chains(
    wanted: readonly { readonly names: readonly string[]; readonly id: string | undefined }[],
  ): Promise<readonly (readonly Link[])[]> {
    const chains: Link[][] = wanted.map(() => []);
    for (const { names, id } of wanted) {
      const path = pathOf(names, names.length - 1);
      if (id !== undefined && !this.#organisations.has(path)) this.#organisations.set(path, { id });
    }
    const deepest = Math.max(0, ...wanted.map(({ names }) => names.length));
    for (let level = 0; level < deepest; level += 1) {
      const open = new Map<string, { name: string; parent: FoundKey | undefined }>();
      for (const [at, { names, id }] of wanted.entries()) {
        const name = names[level];
        if (name === undefined || (id !== undefined && level === names.length - 1)) continue;
        const path = pathOf(names, level);
        if (!this.#organisations.has(path)) open.set(path, { name, parent: chains[at]?.[level - 1]?.key });
      }
      await this.#resolve(open);
      for (const [at, { names, id }] of wanted.entries()) {
        const name = names[level];
        if (name === undefined) continue;
        const path = pathOf(names, level);
        const own = id !== undefined && level === names.length - 1;
        chains[at]?.push({ name, path, key: own ? { id } : (this.#organisations.get(path) ?? 'none') });
      }
    }
    return chains;
  }

  async #resolve(open: ReadonlyMap<string, { name: string; parent: FoundKey | undefined }>): Promise<void> {
    if (open.size === 0) return;
    if (this.#organisations.size > limits.csvKeysRememberedMax) this.#organisations.clear();
    const numberOf = (name: string) => `organisation/${fold(organisationName(name))}`;
    const stored = await this.#byNumber([...open.values()].map(({ name }) => numberOf(name)));
    for (const [path, { name, parent }] of open) {
      const same = stored.get(numberOf(name)) ?? [];
      const parentId = typeof parent === 'object' ? parent.id : undefined;
      const below = same.filter(({ slices }) => slices.some(({ fields }) => fields['parentId'] === parentId));
      const candidates = same.length > 1 ? below : same;
      const made = { id: madeKey('organisation', contentHash(path).slice(0, 24)) };
      this.#organisations.set(path, choose(candidates, same.length > 1 && below.length === 0 ? 'ambiguous' : made));
    }
  }

  async #byNumber(numbers: readonly string[]): Promise<ReadonlyMap<string, readonly SourceRecord[]>> {
    const found = new Map<string, SourceRecord[]>();
    const wanted = new Set(numbers);
    if (wanted.size === 0) return found;
    const keys = await this.#records.referring([...wanted].map((id) => ({ type: 'number', id })));
    for (const record of keys.length === 0 ? [] : await this.#records.get(keys)) {
      for (const number of numbersOf(record.type, record.slices)) {
        if (wanted.has(number)) found.set(number, [...(found.get(number) ?? []), record]);
      }
    }
    return found;
  }
}

function pathOf(names: readonly string[], level: number): string {
  return names
    .slice(0, level + 1)
    .map((name) => fold(organisationName(name)))
    .join('/');
}

function keyOf(
  draft: Draft,
  numbers: readonly string[],
  stored: ReadonlyMap<string, readonly SourceRecord[]>,
): FoundKey {
  if (draft.esrId !== undefined) return { id: draft.esrId };
  const [number] = numbers;
  if (number === undefined) return 'none';
  const matching = numbers.find((one) => stored.has(one)) ?? number;
  return choose(stored.get(matching) ?? [], { id: madeKey(draft.type, number.slice(draft.type.length + 1)) });
}

function choose(candidates: readonly RecordKey[], otherwise: FoundKey): FoundKey {
  const [first] = candidates;
  if (first === undefined) return otherwise;
  return candidates.length === 1 ? { id: first.id } : 'ambiguous';
}

/** Readable where it can be: `csv:20000014`, `csv:20000014-2/2020-04-01` → `@` for the slash that keys are cut at. */
function madeKey(type: RecordType, number: string): string {
  const id = `${madeKeyPrefix}${number.replaceAll('/', '@')}`;
  return /^[\w.:@-]+$/.test(id) && id.length <= limits.keyCharactersMax
    ? id
    : `${madeKeyPrefix}${contentHash(`${type}/${number}`).slice(0, 24)}`;
}
