import { contentHash } from '../core/hash.ts';
import { type FieldValue, type RecordType, recordTypes } from '../record/record.ts';
import type { RecordReader, StagedRow } from '../store/port.ts';
import { CsvKeys, type FoundKey, type Link } from './csv-keys.ts';
import { type Fault, fault } from './fault.ts';
import type { Draft, DraftedRow } from './formats/csv/draft.ts';
import type { LineFates, SharedSlot } from './line-fates.ts';

/** What staging must know of the rows. */
export interface RowShape {
  /** The record type that stands for a row which is bad as a whole. */
  readonly main: RecordType;
  /** References between the records of one row, e.g. `assignment.positionId`. */
  readonly links: ReadonlySet<string>;
  /** Place of each `record.field`; those that are not named keep their order. */
  readonly fieldOrder: ReadonlyMap<string, number>;
}

/** Turns the rows of one file into staged records: a row becomes up to a dozen. */
export class CsvStaging {
  readonly #shape: RowShape;
  readonly #keys: CsvKeys;
  readonly #fates: LineFates;

  constructor(shape: RowShape, records: RecordReader, fates: LineFates) {
    this.#shape = shape;
    this.#keys = new CsvKeys(records);
    this.#fates = fates;
  }

  async stage(drafted: readonly DraftedRow[]): Promise<readonly StagedRow[]> {
    const all = drafted.flatMap(({ drafts }) => recordTypes.flatMap((type) => drafts[type] ?? []));
    const persons = await this.#keys.find(all.filter(({ type }) => type === 'person'));
    for (const { drafts } of drafted) this.#own(drafts, persons);
    const others = await this.#keys.find(all.filter(({ type }) => type !== 'organisation' && type !== 'person'));
    const keys = new Map([...persons, ...others]);
    const chains = await this.#keys.chains(drafted.map(({ drafts }) => chainOf(drafts.organisation)));
    return drafted.flatMap((row, at) => this.#stageRow(row, keys, chains[at] ?? []));
  }

  #stageRow(row: DraftedRow, keys: ReadonlyMap<Draft, FoundKey>, chain: readonly Link[]): readonly StagedRow[] {
    const { line, drafts } = row;
    this.#fates.add(line);
    if (row.fault !== null) return [badRow(line, this.#shape.main, '', [row.fault])];
    const staged: StagedRow[] = [];
    const ids = new Map<RecordType, FoundKey>();
    this.#stageChain(staged, line, drafts.organisation, chain);
    const leaf = chain.at(-1);
    if (leaf !== undefined) ids.set('organisation', leaf.key);
    for (const type of recordTypes) {
      const draft = drafts[type];
      if (draft === undefined || type === 'organisation') continue;
      const key = keys.get(draft) ?? 'none';
      if (key === 'none' && isIncidental(draft, drafts)) continue;
      ids.set(type, key);
      this.#link(draft, ids);
      this.#put(staged, line, draft, key);
    }
    return staged;
  }

  /** Of registrations the person is part of what they go by. */
  #own({ person, registration }: DraftedRow['drafts'], persons: ReadonlyMap<Draft, FoundKey>): void {
    const key = person === undefined ? undefined : persons.get(person);
    if (registration !== undefined && typeof key === 'object') registration.fields['personId'] = key.id;
  }

  #link(draft: Draft, ids: ReadonlyMap<RecordType, FoundKey>): void {
    for (const [field, type] of Object.entries(linkTypes)) {
      if (!this.#shape.links.has(`${draft.type}.${field}`)) continue;
      const key = ids.get(type);
      if (key === 'ambiguous') draft.faults.push(fault('ambiguous-match', field));
      else if (typeof key === 'object') draft.fields[field] = key.id;
    }
    const needsPerson = draft.type === 'assignment' || draft.type === 'registration';
    if (needsPerson && draft.fields['personId'] === undefined && draft.faults.length === 0) {
      draft.faults.push(fault('missing-field', 'personId'));
    }
  }

  #stageChain(staged: StagedRow[], line: number, leaf: Draft | undefined, chain: readonly Link[]): void {
    let parent = 0;
    let parentId: string | undefined;
    for (const [at, { name, key }] of chain.entries()) {
      const isLeaf = at === chain.length - 1;
      const own = isLeaf && leaf !== undefined ? leaf : undefined;
      const fields: Record<string, FieldValue> = { ...(own?.fields ?? {}), name };
      if (parentId !== undefined) fields['parentId'] = parentId;
      const start = own?.start ?? null;
      const end = own?.end ?? null;
      const draft: Draft = {
        ...{ type: 'organisation', esrId: undefined, start, end, fields, levels: [] },
        faults: own?.faults ?? [],
      };
      parent = this.#put(staged, line, draft, key, parent);
      parentId = typeof key === 'object' ? key.id : undefined;
    }
  }

  /** Stages a record unless an earlier row of the file has said the same of it. Gives its number among shared ones. */
  #put(staged: StagedRow[], line: number, draft: Draft, key: FoundKey, parent = 0): number {
    const id = typeof key === 'object' ? key.id : '';
    if (key === 'ambiguous') draft.faults.push(fault('ambiguous-match', 'id'));
    if (key === 'none') draft.faults.push(fault('missing-key', 'id'));
    if (draft.faults.length > 0) {
      staged.push(badRow(line, draft.type, id, draft.faults));
      return 0;
    }
    const row = goodRow(line, draft, id, this.#shape.fieldOrder);
    const slot = sharedSlots[draft.type];
    if (slot === undefined) {
      staged.push(row);
      return 0;
    }
    const { number, first } = this.#fates.share(line, slot, row, parent);
    if (first) staged.push(row);
    return number;
  }
}

/** What the fields that link the records of a row name. */
const linkTypes = {
  personId: 'person',
  organisationId: 'organisation',
  positionId: 'position',
  locationId: 'location',
} as const satisfies Record<string, RecordType>;

const sharedSlots: Partial<Record<RecordType, SharedSlot>> = {
  organisation: 'organisation',
  position: 'position',
  location: 'location',
};

function chainOf(organisation: Draft | undefined): {
  readonly names: readonly string[];
  readonly id: string | undefined;
} {
  if (organisation === undefined) return { names: [], id: undefined };
  const names = organisation.levels.filter((name) => name !== undefined);
  const name = organisation.fields['name'];
  if (typeof name === 'string' && names.at(-1) !== name) names.push(name);
  return { names, id: organisation.esrId };
}

/** A record that the row need not have: a vacant post has no assignment, not every row a position or a registration. */
function isIncidental(draft: Draft, drafts: DraftedRow['drafts']): boolean {
  if (draft.type === 'person') return false;
  return draft.type === 'assignment' ? drafts.person === undefined && draft.fields['personId'] === undefined : true;
}

function goodRow(line: number, draft: Draft, id: string, order: ReadonlyMap<string, number>): StagedRow {
  const { type, start, end } = draft;
  const place = (name: string) => order.get(`${type}.${name}`) ?? 0;
  const entries = Object.entries(draft.fields).sort(([a], [b]) => place(a) - place(b));
  const fields = JSON.stringify(Object.fromEntries(entries));
  const hash = contentHash(`${start},${end},${fields}`);
  const rank = recordTypes.indexOf(type);
  // Nobody looks for the line, whose records are several; but whoever writes a record must leave a mark of it.
  const raw = hash;
  return { rank, key: { type, id }, action: 'upsert', line, start, end, hash, fields, fault: null, from: null, raw };
}

function badRow(line: number, type: RecordType, id: string, faults: readonly Fault[]): StagedRow {
  const reasons = JSON.stringify(faults);
  const contents = { start: null, end: null, hash: contentHash(reasons), fields: '{}', fault: reasons, from: null };
  return { rank: recordTypes.indexOf(type), key: { type, id }, action: 'bad', line, ...contents };
}
