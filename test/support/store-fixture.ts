import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IndexEntry, IndexSchema } from '../../server/search/query.ts';
import type { ExceptionRow, FileRow, Op, ResourceOp, StagedRow, Store, TenantStore } from '../../server/store/port.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import type { IsolationModel } from '../../server/tenancy/tenant.ts';

/** `code-point-order`: text beyond U+FFFF is sorted by UTF-16 unit. */
export type Unproved = 'code-point-order';

/** A fresh, empty place for a store. `open` may be called several times: the stores share the place's data. */
export interface StorePlace {
  /** How the suite's tenants stand apart; left out: `database`. */
  readonly isolation?: IsolationModel;
  /** What the server under the store does otherwise than the product's own would, so that it proves nothing here. */
  readonly unproved?: readonly Unproved[];
  open(): Promise<Store>;
  clear(): Promise<void>;
}

/** What a group of the suite gets: a store on a fresh place for each test, with the tenants `one` and `two`. */
export interface StoreContext {
  store(): Store;
  tenant(id?: string): TenantStore;
  /** Can the server prove this here? A test that it cannot skips itself, and is printed as not run. */
  proves(what: Unproved): boolean;
  /** Makes a tenant, apart from others as the place says. */
  create(id: string): Promise<void>;
  /** Another store on the same place, closed after the test. */
  another(): Promise<Store>;
  /** Closes the store and opens it again. */
  reopen(): Promise<void>;
}

export const suiteSchema: IndexSchema = {
  Practitioner: [
    { param: 'active', kind: 'token', multiple: false },
    { param: 'gender', kind: 'token', multiple: false },
    { param: 'identifier', kind: 'token', multiple: true },
    { param: 'family', kind: 'string', multiple: true },
    { param: 'title', kind: 'string', multiple: false },
    { param: 'url', kind: 'uri', multiple: false },
    { param: 'link', kind: 'uri', multiple: true },
  ],
  PractitionerRole: [
    { param: 'active', kind: 'token', multiple: false },
    { param: 'date', kind: 'date', multiple: false },
    { param: 'held', kind: 'date', multiple: true },
    { param: 'identifier', kind: 'token', multiple: true },
    { param: 'organization', kind: 'reference', multiple: false },
    { param: 'organization:identifier', kind: 'token', multiple: false },
    { param: 'practitioner', kind: 'reference', multiple: false },
    { param: 'location', kind: 'reference', multiple: true },
    { param: 'role', kind: 'token', multiple: true },
  ],
  Organization: [
    { param: 'identifier', kind: 'token', multiple: true },
    { param: 'partof', kind: 'reference', multiple: false },
  ],
};

/** Reads the disclosures of the suite's audit rows: a JSON list of `Type/id/version`. */
export function suiteDisclosures(bytes: string): readonly string[] {
  return JSON.parse(bytes) as readonly string[];
}

/** The instant `n` seconds into the suite's day. */
export function at(n: number): string {
  return new Date(Date.UTC(2026, 3, 1, 9, 0, n)).toISOString();
}

export function tenantOf(store: Store, id: string): TenantStore {
  return store.tenant(grantTenant(id, 'operator'));
}

export async function temporaryFolder(): Promise<{ path: string; clear: () => Promise<void> }> {
  const path = mkdtempSync(join(tmpdir(), 'esr-fhir-store-'));
  return { path, clear: () => rm(path, { recursive: true, force: true }) };
}

/** A resource op of tenant `one`: version 1 of a Practitioner with nothing indexed, unless told otherwise. */
export function resource(id: string, more: Partial<ResourceOp> = {}): ResourceOp {
  const version = more.version ?? 1;
  const type = more.type ?? 'Practitioner';
  return {
    op: 'resource',
    tenant: 'one',
    contract: 'v1',
    type,
    id,
    version,
    change: version === 1 ? 'create' : 'update',
    body: `{"resourceType":"${type}","id":"${id}","meta":{"versionId":"${version}"}}`,
    hash: `hash-${id}-${version}`,
    unit: null,
    index: [],
    lineage: null,
    ...more,
  };
}

export function deletion(id: string, version: number, more: Partial<ResourceOp> = {}): ResourceOp {
  return resource(id, { version, change: 'delete', body: '', hash: '', ...more });
}

export function token(param: string, system: string | null, code: string): IndexEntry {
  return { param, kind: 'token', system, code };
}

export function text(param: string, value: string): IndexEntry {
  return { param, kind: 'string', value, folded: value.toLowerCase() };
}

export function reference(param: string, target: string): IndexEntry {
  return { param, kind: 'reference', target };
}

export function period(param: string, low: number, high: number): IndexEntry {
  return { param, kind: 'date', low, high };
}

export function fileRow(id: string, more: Partial<FileRow> = {}): FileRow {
  const counts = { rows: 0, dropped: 0, quarantined: 0, unchanged: 0, applied: 0, created: 0, changed: 0, removed: 0 };
  return {
    id,
    name: `${id}.DAT`,
    format: 'go2',
    kind: 'full',
    sha256: `sha-${id}`,
    bytes: 100,
    source: 'cli',
    receivedAt: at(0),
    state: 'received',
    reason: null,
    vpd: '277',
    sequence: 1,
    windowFrom: '2026-03-31T00:00:00',
    windowTo: '2026-04-01T00:00:00',
    ...counts,
    warnings: { 'unknown-code': 2 },
    seconds: 0.5,
    checkpoint: { after: { rank: 4, id: '17' }, walked: false },
    finishedAt: null,
    ...more,
  };
}

export function exceptionRow(id: string, more: Partial<ExceptionRow> = {}): ExceptionRow {
  return {
    id,
    file: 'f1',
    line: 2,
    record: { type: 'assignment', id: '9' },
    rule: 'person-missing',
    severity: 'error',
    field: 'person',
    message: 'the person is not there',
    owner: 'steward',
    state: 'open',
    since: at(0),
    closedAt: null,
    unit: null,
    waitsFor: null,
    row: null,
    ...more,
  };
}

export function stagedRow(id: string, more: Partial<StagedRow> = {}): StagedRow {
  return {
    rank: 4,
    key: { type: 'person', id },
    action: 'upsert',
    line: 2,
    start: '2026-01-01',
    end: null,
    hash: `h-${id}`,
    fields: '{"lastName":"Owens"}',
    fault: null,
    from: null,
    ...more,
  };
}

/** An op of any kind for tenant `one`. */
export function op<Name extends Op['op']>(
  name: Name,
  more: Omit<Extract<Op, { readonly op: Name }>, 'op' | 'tenant'>,
): Op {
  return { op: name, tenant: 'one', ...more } as unknown as Op;
}

/** What `promise` was refused with: a store's code or an error's message; undefined where it was not. */
export async function refusal(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    return error instanceof Error ? error.message : String(error);
  }
}
