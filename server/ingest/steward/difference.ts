import { limits } from '../../core/limits.ts';
import type { RecordKey, SourceRecord } from '../../record/record.ts';
import type { FileRow, Stage, TenantStore } from '../../store/port.ts';
import type { Ingest } from '../apply.ts';
import type { Stated } from './stated.ts';
import type { Working } from './working.ts';

const reasons = {
  quarantined: 'its row in the file is in quarantine',
  parked: 'its department has not come in any file yet',
  'removed-since': 'a later file deleted it',
  'ended-since': 'a later file ended it or its person’s employment',
  'changed-since': 'a later file changed it',
  'added-since': 'a later file added it',
  'kept-from-before': 'an earlier file stated it; the full file does not mention it and removes nobody by that',
  'other-vpd': 'a file of another VPD of the tenant states it: this full file does not list that VPD’s staff',
  unexplained: 'nothing explains it: please report it',
} as const;

/** A role that counts on one side and not, or not alike, on the other. */
export interface Difference {
  /** `assignment/id`, or the role where no record stands behind it. */
  readonly record: string;
  /** Where it counts: in the file, else in the store. */
  readonly department: string | null;
  readonly why: keyof typeof reasons;
  readonly message: string;
  /** Name of the later file, or of that of the other VPD, where there is one. */
  readonly by?: string;
}

interface Sides {
  readonly file: FileRow;
  readonly stage: Stage;
  readonly stated: Stated;
  readonly published: ReadonlyMap<string, Working>;
}

interface Cause {
  readonly why: keyof typeof reasons;
  readonly by?: string;
}

/** Explains every difference, in the order of the file's roles, then of the store's. */
export async function explain({ store }: Ingest, sides: Sides): Promise<readonly Difference[]> {
  const { stated, published } = sides;
  const roles = [...new Set([...stated.roles.keys(), ...published.keys()])];
  const differing = roles.filter((role) => !alike(stated.roles.get(role), published.get(role)));
  const known = await ledgerNames(store);
  const found: Difference[] = [];
  for (let at = 0; at < differing.length; at += limits.rowsPerChunkMax) {
    const some = differing.slice(at, at + limits.rowsPerChunkMax);
    const keys = await assignmentsOf(store, some, sides);
    const records = await recordsOf(store, [...keys.values()]);
    for (const role of some) {
      const key = keys.get(role);
      const cause = causeOf(role, key, records, sides, known);
      const department = (stated.roles.get(role) ?? published.get(role))?.department ?? null;
      const record = key === undefined ? `PractitionerRole/${role}` : `${key.type}/${key.id}`;
      found.push({ record, department, message: reasons[cause.why], ...cause });
    }
  }
  return found;
}

function alike(one: Working | undefined, other: Working | undefined): boolean {
  return one !== undefined && other !== undefined && one.department === other.department && one.fte === other.fte;
}

/** Of roles that the file does not state, the newest version's lineage names the assignment. */
async function assignmentsOf(
  store: TenantStore,
  roles: readonly string[],
  { stated }: Sides,
): Promise<ReadonlyMap<string, RecordKey>> {
  const keys = new Map<string, RecordKey>();
  for (const role of roles) {
    const key = stated.keys.get(role) ?? (await fromLineage(store, role));
    if (key !== undefined) keys.set(role, key);
  }
  return keys;
}

async function fromLineage(store: TenantStore, role: string): Promise<RecordKey | undefined> {
  const key = { contract: 'v1', type: 'PractitionerRole', id: role };
  const [head] = await store.resources.heads([key]);
  const lineage = head === undefined ? undefined : await store.ledger.lineage(key, head.version);
  const source = lineage?.sources.find(({ type }) => type === 'assignment');
  return source && { type: source.type, id: source.id };
}

/** The assignments and their people as they are stored now, by `type/id`. */
async function recordsOf(store: TenantStore, keys: readonly RecordKey[]): Promise<ReadonlyMap<string, SourceRecord>> {
  const assignments = await store.records.get(keys);
  const persons = new Set(assignments.flatMap(personsOf));
  const people = await store.records.get([...persons].map((id) => ({ type: 'person', id })));
  return new Map([...assignments, ...people].map((record) => [`${record.type}/${record.id}`, record]));
}

function personsOf({ slices }: SourceRecord): readonly string[] {
  return slices.flatMap(({ fields }) => (typeof fields['personId'] === 'string' ? [fields['personId']] : []));
}

function causeOf(
  role: string,
  key: RecordKey | undefined,
  records: ReadonlyMap<string, SourceRecord>,
  { file, stated, published }: Sides,
  names: ReadonlyMap<string, Origin>,
): Cause {
  if (stated.quarantined.has(role)) return { why: 'quarantined' };
  const record = key === undefined ? undefined : records.get(`${key.type}/${key.id}`);
  const inFile = stated.keys.has(role);
  const here = published.get(role);
  const says = stated.roles.get(role);
  if (record === undefined) return { why: inFile ? 'removed-since' : 'unexplained' };
  const people = personsOf(record).flatMap((id) => records.get(`person/${id}`) ?? []);
  const stating = names.get(record.file);
  if (!inFile && stating !== undefined && isOtherVpd(stating.vpd, file.vpd)) {
    return { why: 'other-vpd', by: stating.name };
  }
  const later = [record, ...people].map((one) => names.get(one.file)).find((origin) => origin?.later(file) === true);
  if (later !== undefined) {
    const why = !inFile ? 'added-since' : here === undefined ? 'ended-since' : 'changed-since';
    return { why, by: later.name };
  }
  if (!inFile) return { why: 'kept-from-before' };
  return { why: here !== undefined && says !== undefined && here.department === null ? 'parked' : 'unexplained' };
}

/** What is told of the file that stated a record. */
interface Origin extends Pick<FileRow, 'name' | 'vpd'> {
  readonly later: (than: FileRow) => boolean;
}

async function ledgerNames(store: TenantStore): Promise<ReadonlyMap<string, Origin>> {
  const files = await store.ledger.files();
  const finished = (file: FileRow) => file.finishedAt ?? file.receivedAt;
  return new Map(
    files.map((one) => {
      const { id, name, vpd } = one;
      return [id, { name, vpd, later: (than) => finished(one) > finished(than) }];
    }),
  );
}

function isOtherVpd(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}
