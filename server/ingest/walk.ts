import { derivedId } from '../core/id.ts';
import type { Changed } from '../mapping/dependents.ts';
import { dependents } from '../mapping/dependents.ts';
import { referencesOf } from '../mapping/references.ts';
import { isUnseen } from '../mapping/unseen.ts';
import { lineSum } from '../record/line-sum.ts';
import { type Absence, keyText, type RecordKey, type SourceRecord } from '../record/record.ts';
import { type Reference, type Unit, unitText } from '../record/unit.ts';
import type { ExceptionRow, Op, RecordOp, StagedGroup, StagedRow, TenantStore } from '../store/port.ts';
import type { RuleDocument } from '../tenancy/rule.ts';
import { type Fault, fault } from './fault.ts';
import type { Join } from './join.ts';
import type { Judgement } from './judge.ts';
import type { Fate } from './line-fates.ts';
import { closing, doubtOps } from './own-doubts.ts';
import { type Judged, judgeBy } from './own-rules.ts';
import { cameFrom } from './released-row.ts';
import { type Feed, recordOf, statedHash, withWord, wordsOf } from './statements.ts';

/** What a chunk of staged groups comes to: the writes, and how many rows went which way. */
export interface WalkedChunk {
  readonly ops: (at: string) => readonly Op[];
  readonly quarantined: number;
  readonly unchanged: number;
  readonly applied: number;
  /** What became of each group. */
  readonly fates: readonly { readonly group: StagedGroup; readonly fate: Fate }[];
}

/** What a chunk is judged by. */
export interface WalkedBy {
  /** Whose word a group is: that of the file's feed, or of the one whose rows ride along. */
  readonly feedOf: (group: StagedGroup) => Feed;
  /** The tenant's own rules. */
  readonly rules: readonly RuleDocument[];
  /** Finds the records whose key was made from a number before ESR's id was known. */
  readonly join: Join | null;
}

interface Verdict extends Judged {
  readonly group: StagedGroup;
  /** The record as the file names it, which is not its key where it is joined to one that came without ESR's id. */
  readonly stated: RecordKey;
  readonly feed: Feed;
  /** The person that must be there and is not. */
  readonly missing: RecordKey | undefined;
}

/**
 * Validates a chunk against the store and diffs it by hash: faulty groups become exceptions, unchanged ones write
 * nothing, the others replace the stored slices and make the units due that show them.
 *
 * @param file ledger id of the file whose groups these are
 */
export async function walkChunk(
  store: TenantStore,
  file: string,
  staged: readonly StagedGroup[],
  how: WalkedBy,
): Promise<WalkedChunk> {
  const { join } = how;
  const groups = join === null ? staged : await join.groups(staged);
  const keys = groups.map((group) => group.key);
  const hashes = await store.records.hashes(keys);
  const stated = staged.map(({ key }) => key);
  const verdicts = await decide(store, groups, hashes, { ...how, stated });
  const changing = verdicts.filter((verdict) => changes(verdict, hashes.get(keyText(verdict.group.key))));
  const old = await recordsOf(
    store,
    changing.filter(({ group }) => hashes.has(keyText(group.key))).map(({ group }) => group.key),
  );
  const cascade = await orphans(store, changing);
  const change = (verdict: Verdict) => changeOf(verdict, file, old, join);
  const changed = [...changing.map(change), ...cascade.map(gone)];
  const units = await dependents(changed, store.records);
  const named = join === null ? keys : [...keys, ...stated];
  const told = await store.ledger.exceptions({ records: [...named, ...cascade], state: 'open' });
  const open = told.filter(({ severity }) => severity === 'error');
  const bad = verdicts.filter((verdict) => verdict.judgement.is === 'bad' || verdict.missing !== undefined);
  const rowsOf = (some: readonly Verdict[]) => some.reduce((sum, { group }) => sum + ownRows(group), 0);
  const quarantined = rowsOf(bad);
  const applied = rowsOf(changing);
  const { tenant } = store;
  return {
    quarantined,
    applied,
    unchanged: groups.reduce((sum, group) => sum + ownRows(group), 0) - quarantined - applied,
    fates: fatesOf(verdicts, bad, changing),
    ops: (at) => [
      ...changed.map(
        ({ key, record, lines }): Op =>
          record === undefined
            ? { op: 'record-delete', tenant, key }
            : { op: 'record', tenant, record, references: referencesOf(record), ...lines },
      ),
      ...restated(tenant, verdicts, bad, changing),
      ...exceptionOps(tenant, file, bad, open, at),
      ...cured(verdicts, bad, open).map((exception) => closing(tenant, exception, at)),
      ...doubtOps(tenant, file, { verdicts, gone: cascade, told }, at),
      ...workOp(tenant, units, file),
    ],
  };
}

function fatesOf(
  verdicts: readonly Verdict[],
  bad: readonly Verdict[],
  changing: readonly Verdict[],
): WalkedChunk['fates'] {
  const quarantined = new Set(bad);
  const applied = new Set(changing);
  const fateOf = (verdict: Verdict): Fate =>
    quarantined.has(verdict) ? 'quarantined' : applied.has(verdict) ? 'applied' : 'unchanged';
  return verdicts.map((verdict) => ({ group: verdict.group, fate: fateOf(verdict) }));
}

/** Rows that the file itself holds; released rows of earlier files ride along uncounted. */
function ownRows(group: StagedGroup): number {
  return group.rows.reduce((sum, row) => (row.from === null ? sum + 1 : sum), 0);
}

async function decide(
  store: TenantStore,
  groups: readonly StagedGroup[],
  hashes: ReadonlyMap<string, string>,
  { feedOf, rules, stated }: WalkedBy & { readonly stated: readonly RecordKey[] },
): Promise<readonly Verdict[]> {
  const judged = groups.map((group, at) => {
    const feed = feedOf(group);
    return { group, stated: stated[at] ?? group.key, feed, ...judgeBy(rules, group, feed.repeats) };
  });
  const wanted = judged.flatMap(({ group, judgement }) => personsOf(group.key, judgement));
  const stored = await store.records.hashes(wanted);
  const here = new Set(stored.keys());
  for (const { group, judgement } of judged) {
    if (group.key.type !== 'person') continue;
    if (judgement.is === 'slices') here.add(keyText(group.key));
    if (judgement.is === 'delete') here.delete(keyText(group.key));
  }
  return judged.map(({ group, stated: as, feed, judgement, doubts }) => ({
    ...{ group, stated: as, feed, judgement, doubts },
    missing:
      hashes.has(keyText(group.key)) && judgement.is !== 'slices'
        ? undefined
        : personsOf(group.key, judgement).find((person) => !here.has(keyText(person))),
  }));
}

function personsOf(key: RecordKey, judgement: Judgement): readonly RecordKey[] {
  if (judgement.is !== 'slices' || (key.type !== 'assignment' && key.type !== 'registration')) return [];
  const ids = new Set(judgement.slices.map((slice) => String(slice.fields['personId'])));
  return [...ids].map((id) => ({ type: 'person', id }));
}

function changes({ judgement, missing, feed: { feed } }: Verdict, hash: string | undefined): boolean {
  if (missing !== undefined || judgement.is === 'bad') return false;
  return judgement.is === 'delete' ? hash !== undefined : judgement.hash !== statedHash(hash, feed);
}

async function recordsOf(store: TenantStore, keys: readonly RecordKey[]): Promise<ReadonlyMap<string, SourceRecord>> {
  const records = await store.records.get(keys);
  return new Map(records.map((record) => [keyText(record), record]));
}

/** A person's delete deletes their assignments and registrations too (meaning.md, People). */
async function orphans(store: TenantStore, changing: readonly Verdict[]): Promise<readonly SourceRecord[]> {
  const persons = changing.filter(({ group, judgement }) => group.key.type === 'person' && judgement.is === 'delete');
  const referring = await store.records.referring(persons.map(({ group }) => group.key));
  const taken = new Set(changing.map(({ group }) => keyText(group.key)));
  return store.records.get(referring.filter((key) => !taken.has(keyText(key))));
}

interface RecordChange extends Changed {
  readonly record: SourceRecord | undefined;
  readonly lines?: Pick<RecordOp, 'lines'>;
}

/** The lines of unchanged records that were not recognised by them: the next file's may be. */
function restated(
  tenant: string,
  verdicts: readonly Verdict[],
  bad: readonly Verdict[],
  changing: readonly Verdict[],
): Op[] {
  const others = new Set([...bad, ...changing]);
  return verdicts.flatMap((verdict): Op[] => {
    const { feed, group, judgement } = verdict;
    const { lines } = others.has(verdict) || judgement.is !== 'slices' || feed.repeats ? {} : linesOf(group);
    return lines === undefined ? [] : [{ op: 'lines', tenant, key: group.key, lines }];
  });
}

/** The sum of a group's raw lines, where all of them are known. */
function linesOf({ key, rows }: StagedGroup): Pick<RecordOp, 'lines'> {
  const raws = rows.flatMap(({ raw }) => raw ?? []);
  return raws.length === rows.length ? { lines: lineSum(key, raws) } : {};
}

function changeOf(
  { group, judgement, feed: { feed, precedence, wins } }: Verdict,
  file: string,
  old: ReadonlyMap<string, SourceRecord>,
  join: Join | null,
): RecordChange {
  const { key } = group;
  const before = old.get(keyText(key));
  if (judgement.is !== 'slices') return { key, before: refs(before), after: [], record: undefined };
  // A released row keeps the file that brought it.
  const from = cameFrom(group)?.file ?? file;
  const { slices, hash } = judgement;
  const word = { feed, precedence, ...(wins === undefined ? {} : { wins }), file: from, hash, slices };
  const words = before === undefined ? [word] : withWord(wordsOf(before), word);
  const esrId = join?.esrId(key) ?? before?.layers?.esrId;
  const more = { absences: withoutFeed(before?.layers?.absences, feed), ...(esrId === undefined ? {} : { esrId }) };
  const record = recordOf(key, words, { file: from, ...more });
  const unseen = before !== undefined && isUnseen(before, record);
  return { key, before: refs(before), after: refs(record), unseen, record, lines: linesOf(group) };
}

/** A record that its feed brings again is absent no more. */
function withoutFeed(
  absences: Readonly<Record<string, Absence>> = {},
  feed: string,
): Readonly<Record<string, Absence>> {
  return Object.fromEntries(Object.entries(absences).filter(([name]) => name !== feed));
}

function gone(record: SourceRecord): RecordChange {
  return { key: { type: record.type, id: record.id }, before: refs(record), after: [], record: undefined };
}

function refs(record: SourceRecord | undefined): readonly Reference[] {
  return record === undefined ? [] : referencesOf(record);
}

function exceptionOps(
  tenant: string,
  file: string,
  bad: readonly Verdict[],
  open: readonly ExceptionRow[],
  at: string,
): Op[] {
  const known = new Set(open.map((exception) => exception.id));
  return bad.flatMap(({ group, feed, judgement, missing }) => {
    // Of a line that feeds several records, each may be bad.
    const part = (key: RecordKey) => (feed.repeats ? [keyText(key)] : []);
    const faults: readonly { readonly row: StagedRow; readonly fault: Fault }[] =
      judgement.is === 'bad'
        ? judgement.faults
        : group.rows.map((row) => ({ row, fault: fault('person-missing', 'personId') }));
    return faults
      .filter(({ row }) => row.from === null)
      .map(({ row, fault: { rule, field, severity, message } }) => ({
        id: derivedId(tenant, 'exception', file, String(row.line), ...part(group.key)),
        file,
        line: row.line,
        record: group.key,
        rule,
        severity,
        field,
        message,
        owner: 'data-steward',
        state: 'open' as const,
        since: at,
        closedAt: null,
        unit: null,
        // A report states everything again the next time; its rows do not wait.
        waitsFor: feed.repeats ? null : (missing ?? null),
        row: JSON.stringify(row),
      }))
      .filter((exception) => !known.has(exception.id))
      .map((exception): Op => ({ op: 'exception', tenant, exception }));
  });
}

/** An exception ends when a later file brings good rows of its record. */
function cured(
  verdicts: readonly Verdict[],
  bad: readonly Verdict[],
  open: readonly ExceptionRow[],
): readonly ExceptionRow[] {
  const namesOf = (some: readonly Verdict[]) => some.flatMap(({ group, stated }) => [group.key, stated].map(keyText));
  const still = new Set(namesOf(bad));
  const good = new Set(namesOf(verdicts).filter((key) => !still.has(key)));
  return open.filter((exception) => good.has(keyText(exception.record)));
}

function workOp(tenant: string, units: readonly Unit[], file: string): Op[] {
  const distinct = [...new Map(units.map((unit) => [unitText(unit), unit])).values()];
  return distinct.length === 0 ? [] : [{ op: 'work-add', tenant, units: distinct, file }];
}
