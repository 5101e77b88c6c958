import type { AuditEntry } from '../audit/entry.ts';
import { auditBytes } from '../audit/row.ts';
import { ownerOf } from '../auth/subscription-owner.ts';
import { writeBatch } from '../commit/write-batch.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { contentHash } from '../core/hash.ts';
import type { Extract } from '../search/extract.ts';
import type { IndexEntry } from '../search/query.ts';
import { ownerParameter } from '../search/schema.ts';
import { StoreError } from '../store/error.ts';
import type { Op, ResourceOp, StoredVersion, TenantStore } from '../store/port.ts';
import type { StoredForm } from './subscription-form.ts';

export interface SubscriptionPlace {
  readonly store: TenantStore;
  readonly contract: string;
  readonly clock: Clock;
  readonly extract: Extract;
  readonly canonicalBase: string;
}

/** Content without `meta.versionId` and `meta.lastUpdated`: equal contents make no version. */
export function formHash(form: StoredForm): string {
  return contentHash(JSON.stringify(form, sortedKeys));
}

/** Clients write elements in any order. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Writes the next version of a subscription. Throws `conflict` where somebody else did meanwhile.
 *
 * @param audit of a change that no request makes: goes with the batch
 */
export async function putVersion(
  place: SubscriptionPlace,
  form: StoredForm,
  version: number,
  audit?: (at: string) => AuditEntry,
): Promise<StoredVersion> {
  const { extract, canonicalBase } = place;
  const owner = ownerOf(form, canonicalBase) ?? '';
  const index: readonly IndexEntry[] = [
    ...extract(form),
    { param: ownerParameter, kind: 'token', system: null, code: owner },
  ];
  const body = (at: string) => {
    const meta = { versionId: String(version), lastUpdated: at, ...form.meta };
    return JSON.stringify({ ...form, meta });
  };
  const change = version === 1 ? 'create' : 'update';
  return write(place, { id: form.id, version, change, hash: formHash(form), index, body }, audit);
}

export async function deleteVersion(place: SubscriptionPlace, id: string, version: number): Promise<StoredVersion> {
  return write(place, { id, version, change: 'delete', hash: '', index: [], body: () => '' }, undefined);
}

type Written = Pick<ResourceOp, 'id' | 'version' | 'change' | 'hash' | 'index'> & {
  readonly body: (at: string) => string;
};

async function write(
  { store, contract, clock }: SubscriptionPlace,
  { body, ...written }: Written,
  audit: ((at: string) => AuditEntry) | undefined,
): Promise<StoredVersion> {
  const { tenant } = store;
  const key = { contract, type: 'Subscription', ...written };
  let text = '';
  const build = (at: string): readonly Op[] => {
    text = body(at);
    const op: ResourceOp = { op: 'resource', tenant, ...key, body: text, unit: null, lineage: null };
    return [op, ...(audit === undefined ? [] : [{ op: 'audit' as const, tenant, row: auditBytes(audit(at)) }])];
  };
  try {
    const { sequence, at } = await writeBatch(store, clock, build);
    const { id, version, change } = written;
    return { contract, type: 'Subscription', id, version, sequence, at, change, body: Buffer.from(text) };
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
    throw new AppError('conflict', 'the subscription was changed meanwhile: read it again');
  }
}
