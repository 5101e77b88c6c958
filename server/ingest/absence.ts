import { writeBatch } from '../commit/write-batch.ts';
import { londonDate } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { dependents } from '../mapping/dependents.ts';
import { isLive } from '../mapping/live.ts';
import type { ProjectionContext } from '../mapping/projection.ts';
import { referencesOf } from '../mapping/references.ts';
import type { Absence, RecordKey, SourceRecord } from '../record/record.ts';
import type { FileRow, Op, RecordReader, Stage } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { Ingest } from './apply.ts';
import type { Filled } from './filled.ts';
import { projectionContext } from './projector.ts';
import { absentFullFilesMin } from './source-word.ts';
import { type Feed, recordOf, wordsOf } from './statements.ts';

/** What a full file's silence says (meaning.md, Files): assignments that its feed had brought and that it lacks. */
export interface Absences {
  /** `YYYY-MM-DD`: the date of the last full file that contained them. */
  readonly lastSeen: string;
  readonly assignments: readonly string[];
  /** Those of them that end by it. */
  readonly leaving: readonly string[];
}

const nobody: Absences = { lastSeen: '', assignments: [], leaving: [] };

/**
 * Finds the live assignments that a full file lacks and its feed once stated. Two ordered lists of ids are compared;
 * only assignments that are missing are read. A feed's first full file says nothing: no earlier one contained them.
 */
export async function findAbsences(
  { tenant, store }: Pick<Ingest, 'tenant' | 'store'>,
  { file, feed, recognised, whole }: Pick<Filled, 'file' | 'feed' | 'recognised' | 'whole'>,
  stage: Stage,
): Promise<Absences> {
  if (file.kind !== 'full' || whole) return nobody;
  const files = await store.ledger.files();
  const before = lastFull(files, file);
  if (before === undefined) return nobody;
  const vpds = new Map(files.map(({ id, vpd }) => [id, vpd]));
  // A tenant of several VPDs has as many full files, and each lacks the others' assignments.
  const isOwn = (word: { readonly feed: string; readonly file: string }) =>
    word.feed === feed.feed && vpds.get(word.file) === file.vpd;
  const context = projectionContext(tenant, '', dateOf(file));
  const assignments: string[] = [];
  const leaving: string[] = [];
  for await (const missing of missingIds(store.records, stage, recognised)) {
    for (const record of await liveOf(store.records, missing, context)) {
      if (!wordsOf(record).some(isOwn)) continue;
      const known = record.layers?.absences?.[feed.feed];
      if (known?.means === 'doubt' && feed.population === 'partial' && known.file !== file.id) continue;
      assignments.push(record.id);
      if (meaningOf(tenant, feed, filesOf(known, file)) === 'left') leaving.push(record.id);
    }
  }
  return { lastSeen: dateOf(before), assignments, leaving };
}

/** Why a person must look at the file first: it would end too large a share of the live assignments. Else null. */
export async function removalDoubt(
  { tenant, store }: Pick<Ingest, 'tenant' | 'store'>,
  file: FileRow,
  { leaving }: Absences,
): Promise<string | null> {
  const share = tenant.settings.removalShareMax;
  if (leaving.length === 0) return null;
  const needed = share === 0 ? Number.POSITIVE_INFINITY : leaving.length / share;
  if (await hasLive(store.records, needed, projectionContext(tenant, '', dateOf(file)))) return null;
  const listed = leaving.slice(0, limits.absentListedMax).join(', ');
  const more = leaving.length > limits.absentListedMax ? ' …' : '';
  const percent = Math.round(share * 10_000) / 100;
  return `${leaving.length} live assignments are not in the file, more than ${percent} % of them: ${listed}${more}`;
}

/**
 * Notes the absences in the records, so that those who left are leavers with the file's resources. Repeating it for the
 * same file changes nothing.
 */
export async function applyAbsences(ingest: Ingest, file: FileRow, feed: Feed, absences: Absences): Promise<FileRow> {
  const { parts, tenant, store, lease } = ingest;
  for await (const ops of absenceOps({ tenant, store }, file, feed, absences)) {
    await writeBatch(store, parts.clock, () => ops, lease.current());
  }
  const count = absences.leaving.length;
  return count === 0 ? file : { ...file, warnings: { ...file.warnings, 'assignment-absent-ended': count } };
}

/** The writes of `applyAbsences`, chunk by chunk. */
export async function* absenceOps(
  { tenant, store }: Pick<Ingest, 'tenant' | 'store'>,
  file: FileRow,
  feed: Feed,
  { assignments, lastSeen }: Absences,
): AsyncGenerator<readonly Op[]> {
  for (let at = 0; at < assignments.length; at += limits.rowsPerChunkMax) {
    const keys = assignments.slice(at, at + limits.rowsPerChunkMax).map(assignmentKey);
    const records = (await store.records.get(keys))
      .filter((record) => record.layers?.absences?.[feed.feed]?.file !== file.id)
      .map((record) => withAbsence(record, tenant, file, feed, lastSeen));
    const changed = records.map((record) => ({ key: record, before: [], after: referencesOf(record) }));
    const units = await dependents(changed, store.records);
    yield [
      ...records.map((record): Op => ({ op: 'record', tenant: tenant.id, record, references: referencesOf(record) })),
      { op: 'work-add', tenant: tenant.id, units, file: file.id },
    ];
  }
}

function withAbsence(record: SourceRecord, tenant: Tenant, file: FileRow, feed: Feed, lastSeen: string): SourceRecord {
  const { absences = {}, esrId } = record.layers ?? {};
  const known = absences[feed.feed];
  const files = filesOf(known, file);
  const means = meaningOf(tenant, feed, files);
  const absence: Absence = { lastSeen: known?.lastSeen ?? lastSeen, files, file: file.id, means };
  return recordOf(record, wordsOf(record), {
    file: record.file,
    absences: { ...absences, [feed.feed]: absence },
    ...(esrId === undefined ? {} : { esrId }),
  });
}

/** Full files in a row that lack the record, this one included. */
function filesOf(known: Absence | undefined, file: FileRow): number {
  if (known === undefined) return 1;
  return known.file === file.id ? known.files : known.files + 1;
}

function meaningOf(tenant: Tenant, feed: Feed, files: number): Absence['means'] {
  if (files < absentFullFilesMin(tenant, feed)) return 'nothing';
  return feed.population === 'complete' ? 'left' : 'doubt';
}

/** The newest applied full file of the same feed and VPD. */
export function lastFull(files: readonly FileRow[], file: Pick<FileRow, 'id' | 'format' | 'vpd'>): FileRow | undefined {
  return files
    .filter(
      ({ id, state, kind, format, vpd }) =>
        id !== file.id && state === 'applied' && kind === 'full' && format === file.format && vpd === file.vpd,
    )
    .reduce<FileRow | undefined>(
      (last, one) => (last === undefined || orderOf(one) > orderOf(last) ? one : last),
      undefined,
    );
}

function orderOf({ windowTo, finishedAt, receivedAt }: FileRow): string {
  return windowTo ?? finishedAt ?? receivedAt;
}

/** The day that a full file shows: the end of its window; a CSV's is the day on which it came. */
function dateOf({ windowTo, receivedAt }: FileRow): string {
  return windowTo?.slice(0, 10) ?? londonDate(new Date(receivedAt));
}

function assignmentKey(id: string): RecordKey {
  return { type: 'assignment', id };
}

/** Stored assignments that the file does not state, a page at a time. */
async function* missingIds(
  records: RecordReader,
  stage: Stage,
  recognised: Filled['recognised'],
): AsyncGenerator<readonly string[]> {
  const page = limits.idsPerPageMax;
  let staged: readonly string[] = await stage.ids('assignment', '', page);
  let place = 0;
  for (let after = ''; ; ) {
    const stored = await records.ids('assignment', after, page);
    const missing: string[] = [];
    for (const { id, lines } of stored) {
      while (place < staged.length && (staged[place] ?? '') < id) {
        place += 1;
        if (place < staged.length || staged.length < page) continue;
        staged = await stage.ids('assignment', staged.at(-1) ?? '', page);
        place = 0;
      }
      if (staged[place] !== id && recognised?.(assignmentKey(id), lines) !== true) missing.push(id);
    }
    if (missing.length > 0) yield missing;
    const last = stored.at(-1);
    if (last === undefined || stored.length < page) return;
    after = last.id;
  }
}

async function liveOf(
  records: RecordReader,
  ids: readonly string[],
  context: ProjectionContext,
): Promise<readonly SourceRecord[]> {
  const live: SourceRecord[] = [];
  for (let at = 0; at < ids.length; at += limits.rowsPerChunkMax) {
    const assignments = await records.get(ids.slice(at, at + limits.rowsPerChunkMax).map(assignmentKey));
    const persons = await records.get(assignments.map((record) => ({ type: 'person', id: personOf(record) })));
    const byId = new Map(persons.map((person) => [person.id, person]));
    live.push(...assignments.filter((record) => isLive(record, byId.get(personOf(record)), context)));
  }
  return live;
}

function personOf({ slices }: SourceRecord): string {
  return String(slices.at(-1)?.fields['personId'] ?? '');
}

/** Are there so many live assignments? Reads only until it knows. */
async function hasLive(records: RecordReader, needed: number, context: ProjectionContext): Promise<boolean> {
  let found = 0;
  for (let after = ''; ; ) {
    const stored = await records.ids('assignment', after, limits.rowsPerChunkMax);
    const ids = stored.map(({ id }) => id);
    found += (await liveOf(records, ids, context)).length;
    const last = ids.at(-1);
    if (found >= needed) return true;
    if (last === undefined || ids.length < limits.rowsPerChunkMax) return false;
    after = last;
  }
}
