import type { LineSum } from '../record/line-sum.ts';
import type { RecordKey, SourceRecord } from '../record/record.ts';
import type { Reference, Unit } from '../record/unit.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { IndexEntry, Query, SortKey } from '../search/query.ts';
import type { TenantGrant } from '../tenancy/grant.ts';
import type { IsolationModel } from '../tenancy/tenant.ts';
import type { Capabilities } from './capabilities.ts';
import type { DeliveryStore } from './delivery-port.ts';
import type { Lineage, LineageText } from './lineage.ts';

/**
 * The storage port. Two adapters implement it (`sqlite/`, `mongo/`) and pass one suite
 * (`test/contract/describe-store.ts`). A store knows neither access rules nor ESR: it takes finished rows.
 * Times are ISO 8601 UTC with milliseconds; sequence numbers are per tenant, 1, 2, 3 …
 */
export interface Store {
  readonly capabilities: Capabilities;
  readonly system: SystemStore;
  /**
   * Makes the tenant's data key and the place of its data, `isolation` being one of the capabilities' models (left out:
   * `database`). `exists` when already there.
   */
  createTenant(tenant: string, isolation?: IsolationModel): Promise<void>;
  /**
   * Moves the tenant's data to a place of another isolation model, counts them there and removes them here. While it
   * lasts, whoever reads or writes them is refused with `moving`. Safe to repeat: what a crash left is gone on with; a
   * move to the model that the data still have takes a broken one back. Undefined where they are there already;
   * `unsupported` where the store has no such model, `fenced` where the lease is over.
   */
  moveTenant(tenant: string, isolation: IsolationModel, lease: Lease): Promise<Moved | undefined>;
  /** Destroys the tenant's key and data; nothing of it can be read afterwards. Safe to repeat. */
  destroyTenant(tenant: string): Promise<void>;
  /**
   * The only door to tenant data. Throws `no-tenant`, here or when the handle is first used; a tenant that another
   * process destroyed is noticed within 2 seconds. Handles are cached; do not close them.
   */
  tenant(grant: TenantGrant): TenantStore;
  close(): Promise<void>;
}

export interface Moved {
  readonly documents: number;
  readonly blobs: number;
}

export interface TenantStore {
  readonly tenant: string;
  /**
   * Writes `ops` whole or not at all, as the tenant's next batch. Every op names this tenant (asserted).
   * `at` (the batch's time) must not be before the last batch's: `conflict`, as is a version that is not the
   * successor of the stored one. `lease`: the batch is refused with `fenced` unless that epoch is still held.
   */
  transact(ops: readonly Op[], at: string, lease?: Lease): Promise<Batch>;
  /**
   * Shuts out the holders before: once it resolves, no batch of an earlier epoch follows, however late its writer goes
   * on. For whoever has just been given a lease, before the first look at what the tenant holds. `fenced` where the
   * lease is over already. May take a batch number for itself where the last holder did not give the lease back.
   */
  fence(lease: Lease): Promise<void>;
  /** The newest batch; sequence 0 and the epoch of time for an empty tenant. */
  head(): Promise<Batch>;
  readonly resources: ResourceReader;
  readonly records: RecordReader;
  readonly ledger: LedgerReader;
  readonly outbox: Outbox;
  readonly delivery: DeliveryStore;
  readonly audit: AuditLog;
  readonly blobs: BlobStore;
  /** Opens (and empties) the staging area of a file. One per tenant at a time, under the ingest lease. */
  stage(file: string): Promise<Stage>;
}

export interface Batch {
  readonly sequence: number;
  readonly at: string;
}

// ── Writes ────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Op =
  | ResourceOp
  | RecordOp
  | { readonly op: 'record-delete'; readonly tenant: string; readonly key: RecordKey }
  /** The raw lines that a stored record is read from now, where its content stays. */
  | { readonly op: 'lines'; readonly tenant: string; readonly key: RecordKey; readonly lines: LineSum }
  | { readonly op: 'due'; readonly tenant: string; readonly unit: Unit; readonly on: string | null }
  /** What to remember of the events about a unit (`topics`), in place of what was; null: nothing. */
  | { readonly op: 'announcement'; readonly tenant: string; readonly unit: Unit; readonly body: string | null }
  | { readonly op: 'work-add'; readonly tenant: string; readonly units: readonly Unit[]; readonly file: string }
  | { readonly op: 'work-done'; readonly tenant: string; readonly units: readonly Unit[] }
  | { readonly op: 'file'; readonly tenant: string; readonly file: FileRow }
  | { readonly op: 'exception'; readonly tenant: string; readonly exception: ExceptionRow }
  | { readonly op: 'event'; readonly tenant: string; readonly topic: string; readonly body: string }
  | { readonly op: 'audit'; readonly tenant: string; readonly row: string };

/** A new version of a resource. Index entries of the previous version go, those of this one come. */
export interface ResourceOp {
  readonly op: 'resource';
  readonly tenant: string;
  readonly contract: string;
  readonly type: string;
  readonly id: string;
  /** 1 for a new id, else the stored version + 1. */
  readonly version: number;
  readonly change: 'create' | 'update' | 'delete';
  /** The bytes to serve, `meta` included; empty for a delete. */
  readonly body: string;
  /** Hash of the content without `meta`: equal contents make no version. Empty for a delete. */
  readonly hash: string;
  readonly unit: Unit | null;
  /** Its entries; or the parameters by which the store is to find them in the body, where it has time for that. */
  readonly index: readonly IndexEntry[] | SearchParameters;
  readonly lineage: Lineage | LineageText | null;
}

/** Replaces all slices of a record, and its references. */
export interface RecordOp {
  readonly op: 'record';
  readonly tenant: string;
  readonly record: SourceRecord;
  readonly references: readonly Reference[];
  /** Left out: its lines are not known, and an earlier sum is forgotten. */
  readonly lines?: LineSum;
}

// ── Resources ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ResourceKey {
  readonly contract: string;
  readonly type: string;
  readonly id: string;
}

export interface StoredVersion extends ResourceKey {
  readonly version: number;
  readonly sequence: number;
  readonly at: string;
  readonly change: 'create' | 'update' | 'delete';
  /** Empty for a delete. */
  readonly body: Buffer;
}

/** The current state of a resource without its body. */
export interface ResourceHead extends ResourceKey {
  readonly version: number;
  readonly deleted: boolean;
  readonly hash: string;
  readonly unit: Unit | null;
}

export interface SearchPage {
  readonly matches: readonly StoredVersion[];
  /** Sort key of the last match when more follow. */
  readonly next: SortKey | undefined;
  /** Number of all matches, where the query asked for it. */
  readonly total: number | undefined;
}

export interface ResourceReader {
  /** The newest version, a delete included; undefined where the id never was. */
  read(key: ResourceKey): Promise<StoredVersion | undefined>;
  vread(key: ResourceKey, version: number): Promise<StoredVersion | undefined>;
  /** Newest first; `before` = only versions below it. */
  history(
    key: ResourceKey,
    page: { readonly before?: number; readonly count: number },
  ): Promise<readonly StoredVersion[]>;
  /** Newest versions of those that exist and are not deleted, in the order asked. */
  readMany(keys: readonly ResourceKey[]): Promise<readonly StoredVersion[]>;
  search(query: Query): Promise<SearchPage>;
  /** Distinct `Type/id` targets of reference parameter `param` of these resources (current versions). */
  targets(keys: readonly ResourceKey[], param: string): Promise<readonly string[]>;
  /** Heads of every resource (deleted ones too) that the units own, in all contracts. */
  owned(units: readonly Unit[]): Promise<readonly ResourceHead[]>;
  /** Heads (deleted ones too) of those of these resources that exist. */
  heads(keys: readonly ResourceKey[]): Promise<readonly ResourceHead[]>;
  /** Number of live resources by type in a contract. */
  counts(contract: string): Promise<Readonly<Record<string, number>>>;
}

// ── Source records, work, ledger ──────────────────────────────────────────────────────────────────────────────────

export interface RecordReader {
  get(keys: readonly RecordKey[]): Promise<readonly SourceRecord[]>;
  /** Stored content hashes by `type/id`; absent records have no entry. */
  hashes(keys: readonly RecordKey[]): Promise<ReadonlyMap<string, string>>;
  /** Keys of the records that refer to any of these. */
  referring(to: readonly Reference[]): Promise<readonly RecordKey[]>;
  byFile(file: string): Promise<readonly SourceRecord[]>;
  /** Calls `each` with the line sum of every record that has one, in no order; their number. */
  lineSums(each: (sum: LineSum) => void): Promise<number>;
  /** Names the state of all records and line sums: another text once any of them was written, made or deleted. */
  state(): Promise<string>;
  /** Records of a type whose id follows `after`, in the order of their characters' codes; `lines`: has a line sum. */
  ids(type: RecordKey['type'], after: string, limit: number): Promise<readonly KnownId[]>;
  /** Number of records by type, and of those that have a line sum. */
  counts(): Promise<Readonly<Record<string, number>>>;
  summed(): Promise<number>;
  /** The next units to project, in the order of unit kinds, then id; with the file that made them due. */
  work(limit: number): Promise<readonly WorkRow[]>;
  /** Units whose projection changes on or before `date`. */
  due(date: string, limit: number): Promise<readonly Unit[]>;
  /** What `announcement` ops left of these units, by `unitText`; units without have no entry. */
  announcements(units: readonly Unit[]): Promise<ReadonlyMap<string, string>>;
}

type KnownId = Pick<RecordKey, 'id'> & { readonly lines: boolean };

export interface WorkRow {
  readonly unit: Unit;
  readonly file: string;
}

export const fileStates = ['received', 'applying', 'applied', 'held', 'rejected', 'discarded', 'superseded'] as const;
export type FileState = (typeof fileStates)[number];

/** A file of the ledger. Counts of rows balance once applied: rows = dropped + quarantined + unchanged + applied. */
export interface FileRow {
  readonly id: string;
  readonly name: string;
  readonly format: string;
  readonly kind: 'full' | 'changes' | 'unknown';
  readonly sha256: string;
  readonly bytes: number;
  readonly source: string;
  readonly receivedAt: string;
  readonly state: FileState;
  readonly reason: string | null;
  readonly vpd: string | null;
  /** The header's sequence number and window (`YYYY-MM-DDTHH:MM:SS`, Europe/London). */
  readonly sequence: number | null;
  readonly windowFrom: string | null;
  readonly windowTo: string | null;
  readonly rows: number;
  readonly dropped: number;
  readonly quarantined: number;
  readonly unchanged: number;
  readonly applied: number;
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
  readonly warnings: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** How far `applying` got; null before and after. */
  readonly checkpoint: Checkpoint | null;
  readonly finishedAt: string | null;
  /** Of a report: what a later one must say to say nothing new (JSON; `ingest/csv-repeat.ts`). */
  readonly said?: string;
}

/** Groups up to and including `after` are in the store; null = none. `walked`: all of them are, units remain. */
export interface Checkpoint {
  readonly after: GroupKey | null;
  readonly walked: boolean;
}

export const exceptionStates = ['open', 'released', 'discarded', 'closed'] as const;
export type ExceptionState = (typeof exceptionStates)[number];

/** A quarantined row (severity `error`) or a published doubt (`warning`). */
export interface ExceptionRow {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly record: RecordKey;
  readonly rule: string;
  readonly severity: 'error' | 'warning';
  readonly field: string | null;
  /** Says what is wrong; no personal data. */
  readonly message: string;
  readonly owner: string;
  readonly state: ExceptionState;
  readonly since: string;
  readonly closedAt: string | null;
  /** The unit that shows it, for warnings. */
  readonly unit: Unit | null;
  /** The record whose coming cures it. */
  readonly waitsFor: RecordKey | null;
  /** The staged row (JSON of `StagedRow`), so that it can be released. */
  readonly row: string | null;
}

export interface LedgerReader {
  file(id: string): Promise<FileRow | undefined>;
  /** Newest first. */
  files(): Promise<readonly FileRow[]>;
  filesBySha256(sha256: string): Promise<readonly FileRow[]>;
  exception(id: string): Promise<ExceptionRow | undefined>;
  /** Ordered by file, line. */
  exceptions(filter: ExceptionFilter): Promise<readonly ExceptionRow[]>;
  /** The lineage of one version. */
  lineage(key: ResourceKey, version: number): Promise<Lineage | undefined>;
  /** Versions that the ingest of a file made, by sequence. */
  versionsOf(file: string): Promise<readonly Omit<StoredVersion, 'body'>[]>;
}

export interface ExceptionFilter {
  readonly file?: string;
  readonly state?: ExceptionState;
  readonly severity?: 'error' | 'warning';
  readonly records?: readonly RecordKey[];
  readonly waitingFor?: readonly RecordKey[];
  readonly units?: readonly Unit[];
}

/** Rows of `event` and `audit` ops, in sequence order, for those who carry them on. */
export interface Outbox {
  events(after: OutboxPosition, limit: number): Promise<readonly EventRow[]>;
  /** Audit rows that the batches left behind and nobody carried into the audit log yet. */
  audits(limit: number): Promise<readonly { readonly position: OutboxPosition; readonly row: string }[]>;
  /** Forgets audit rows up to and including a position, once they are in the log. */
  auditsCarried(upTo: OutboxPosition): Promise<void>;
}

/** Sequence of the batch and index of the op within it. */
export interface OutboxPosition {
  readonly sequence: number;
  readonly index: number;
}

export interface EventRow extends OutboxPosition {
  readonly topic: string;
  readonly body: string;
  readonly at: string;
}

// ── Staging ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A row of a file after normalising. `line` is 1-based. `from` names the exception that a released row comes from. */
export interface StagedRow {
  readonly rank: number;
  readonly key: RecordKey;
  readonly action: 'upsert' | 'delete' | 'bad';
  readonly line: number;
  readonly start: string | null;
  readonly end: string | null;
  /** Hash of start, end and fields; rows equal byte for byte have equal hashes. */
  readonly hash: string;
  /** JSON of `Fields`. */
  readonly fields: string;
  /** JSON of `Fault[]` (`ingest/fault.ts`) for a bad row, else null. */
  readonly fault: string | null;
  readonly from: string | null;
  /** Hash of the raw line (`record/line-sum.ts`), where it is known. */
  readonly raw?: string;
}

export interface GroupKey {
  readonly rank: number;
  readonly id: string;
}

export interface StagedGroup {
  readonly key: RecordKey;
  readonly rank: number;
  /** Ordered by start, then line. */
  readonly rows: readonly StagedRow[];
}

/** The rows of one file on disk, readable by record in (rank, id) order. Not part of any batch; gone after a crash. */
export interface Stage {
  put(rows: readonly StagedRow[]): Promise<void>;
  /** Whole groups after `after`, up to about `rowsMax` rows (at least one group). */
  groups(after: GroupKey | null, rowsMax: number): Promise<readonly StagedGroup[]>;
  /** Which of these have rows here, and whether every one of them is a plain upsert (`good`). By `type/id`. */
  find(keys: readonly RecordKey[]): Promise<ReadonlyMap<string, { readonly good: boolean; readonly deleted: boolean }>>;
  /** Distinct ids of the records of a type that follow `after`, in the order of their characters' codes. */
  ids(type: RecordKey['type'], after: string, limit: number): Promise<readonly string[]>;
  /** Number of rows; of those up to and including a group, where one is given. */
  rows(through?: GroupKey): Promise<number>;
  drop(): Promise<void>;
}

// ── Audit, blobs, system ──────────────────────────────────────────────────────────────────────────────────────────

/** A finished row of a hash chain; `bytes` are hashed as stored. */
export interface AuditRow {
  readonly writer: string;
  /** 1, 2, 3 … per writer. */
  readonly number: number;
  readonly at: string;
  readonly bytes: string;
  /** Hex SHA-256 over the previous hash and `bytes` (`audit/chain.ts`). */
  readonly hash: string;
}

export interface AuditLog {
  /** Durable (fsync) when it resolves. `conflict` where a number is not the writer's next. */
  append(rows: readonly AuditRow[]): Promise<void>;
  /** The writer's newest row. */
  head(writer: string): Promise<AuditRow | undefined>;
  writers(): Promise<readonly string[]>;
  /** In (at, writer, number) order: `from`/`to` bound `at` (inclusive, exclusive). */
  scan(range: AuditRange): Promise<readonly AuditRow[]>;
  /** One row. */
  row(writer: string, number: number): Promise<AuditRow | undefined>;
  /**
   * A writer's rows in the order of their numbers, from `from` on, at most `count`; as they lie there, also where
   * numbers are missing or doubled: what a verification walks.
   */
  chain(writer: string, from: number, count: number): Promise<readonly AuditRow[]>;
  /** Rows that disclosed a resource `Type/id` (any version), as `disclosures` of the rows say; oldest first. */
  disclosing(resource: string): Promise<readonly AuditRow[]>;
}

export interface AuditRange {
  readonly from?: string;
  readonly to?: string;
  readonly descending: boolean;
  readonly after?: { readonly at: string; readonly writer: string; readonly number: number };
  readonly count: number;
}

/** Large bytes, encrypted with the tenant's key. */
export interface BlobStore {
  /** Takes the whole stream; returns its size and SHA-256 (hex) of the plain bytes. Replaces an older blob. */
  put(name: string, bytes: AsyncIterable<Uint8Array>): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** Streams the plain bytes; `corrupt` where they were tampered with, before the last chunk at the latest. */
  get(name: string): AsyncIterable<Buffer>;
  has(name: string): Promise<boolean>;
  delete(name: string): Promise<void>;
}

export interface SystemStore {
  /** Registry documents (tenants, clients, users, keys …): JSON by kind and id. */
  readonly documents: DocumentStore;
  readonly leases: LeaseStore;
  readonly oauth: OAuthStore;
  /** Requests that belong to no tenant. */
  readonly audit: AuditLog;
}

export interface DocumentStore {
  get(kind: string, id: string): Promise<string | undefined>;
  list(kind: string): Promise<readonly { readonly id: string; readonly document: string }[]>;
  put(kind: string, id: string, document: string): Promise<void>;
  /** Puts only where absent; false when it was there. */
  insert(kind: string, id: string, document: string): Promise<boolean>;
  remove(kind: string, id: string): Promise<void>;
  /** Rises with every change by any process: caches compare it (cheap; at most once a second is needed). */
  counter(): Promise<number>;
}

/** A named right of one owner at a time. Epochs rise: a later holder fences the earlier ones. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly epoch: number;
  readonly expiresAt: string;
}

export interface LeaseStore {
  /** Undefined while somebody else's lease has not expired. */
  acquire(name: string, owner: string, seconds: number, now: Date): Promise<Lease | undefined>;
  /** Extends; undefined when the lease was lost. */
  renew(lease: Lease, seconds: number, now: Date): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;
  /** Expired or not; undefined where it was released, or where its owner is known to have died. */
  current(name: string): Promise<Lease | undefined>;
}

/** What the authorization server keeps (security-eventing: the oidc-provider adapter contract). */
export interface OAuthStore {
  /** `insertOnly`: throws `exists` where the id is there (replay protection). */
  put(row: OAuthRow, insertOnly: boolean): Promise<void>;
  /** Undefined where absent or expired at `now`. */
  get(model: string, id: string, now: Date): Promise<OAuthRow | undefined>;
  getByUid(model: string, uid: string, now: Date): Promise<OAuthRow | undefined>;
  /** True for exactly one caller. */
  consume(model: string, id: string, now: Date): Promise<boolean>;
  remove(model: string, id: string): Promise<void>;
  removeByGrant(model: string, grantId: string): Promise<void>;
  /** Ids of a model's rows, expired ones that nobody has swept yet included. For models that stay small. */
  ids(model: string): Promise<readonly string[]>;
  sweep(now: Date): Promise<void>;
}

export interface OAuthRow {
  readonly model: string;
  readonly id: string;
  readonly payload: string;
  readonly expiresAt: string | null;
  readonly grantId: string | null;
  readonly uid: string | null;
  readonly consumedAt: string | null;
}
