import { applyPatch, type Operation } from 'rfc6902';
import type { Access } from '../auth/access.ts';
import { ownerOf, seesAllSubscriptions } from '../auth/subscription-owner.ts';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Extract } from '../search/extract.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { StoredVersion, TenantStore } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';
import type { EgressPolicy } from './endpoint.ts';
import { readForm, type Signature, type StoredForm, signatureOf, storedForm } from './subscription-form.ts';
import type { SubscriptionResource } from './subscription-resource.ts';
import { deleteVersion, formHash, putVersion, type SubscriptionPlace } from './subscription-write.ts';
import { type Terms, termsOf } from './terms.ts';
import { asksOfMasked, covers } from './visibility.ts';

/** What the subscriptions of all tenants share. */
export interface DeskParts {
  readonly canonicalBase: string;
  readonly parameters: SearchParameters;
  readonly extract: Extract;
  readonly keys: KeyRing;
  readonly clock: Clock;
  egress(tenant: string): EgressPolicy;
  /** Where a websocket of a tenant's contract is opened. */
  websocketUrl(tenant: string, contract: string): string;
  /** Something about this tenant's subscriptions has changed. */
  changed(tenant: string): void;
}

/** Who asks, and where. */
export interface Caller {
  readonly store: TenantStore;
  readonly contract: string;
  readonly base: string;
  readonly access: Access;
  readonly sight: Sight;
}

/**
 * Subscriptions as their clients make and change them. Everything is checked before it is stored: a subscription that
 * stands is one that can be delivered. Whose it is, is nobody else's business: to others it does not exist.
 */
export function subscriptionDesk(parts: DeskParts) {
  const { canonicalBase, clock } = parts;
  return {
    async create(caller: Caller, body: unknown): Promise<StoredVersion> {
      const sent = readForm(body);
      if (sent.status !== 'requested' && sent.status !== 'off') throw notForClients();
      check(parts, caller, sent);
      await checkRoom(caller);
      const signature: Signature = { generation: 1, since: clock.now().toISOString() };
      const server = {
        id: randomId(),
        status: sent.status,
        error: undefined,
        owner: caller.access.clientId,
        signature,
      };
      const written = await putVersion(placeOf(parts, caller), storedForm(sent, server, canonicalBase), 1);
      parts.changed(caller.store.tenant);
      return written;
    },

    /** @param ifMatch version that the client knows; undefined: any */
    async update(caller: Caller, id: string, body: unknown, ifMatch: string | undefined): Promise<StoredVersion> {
      const standing = await ownSubscription(caller, id, canonicalBase, ifMatch);
      const sent = readForm(body);
      if (sent.id !== id) throw new AppError('invalid', 'the id of the resource is not that of the URL');
      return change(parts, caller, standing, sent);
    },

    /** https://www.rfc-editor.org/rfc/rfc6902 */
    async patch(caller: Caller, id: string, patch: unknown, ifMatch: string | undefined): Promise<StoredVersion> {
      const standing = await ownSubscription(caller, id, canonicalBase, ifMatch);
      const patched: unknown = patchedBy(standing.form, patch);
      const sent = readForm(patched);
      if (sent.id !== id) throw new AppError('invalid', 'a patch does not change the id');
      return change(parts, caller, standing, sent);
    },

    async remove(caller: Caller, id: string, ifMatch: string | undefined): Promise<StoredVersion> {
      const { version } = await ownSubscription(caller, id, canonicalBase, ifMatch);
      const written = await deleteVersion(placeOf(parts, caller), id, version.version + 1);
      parts.changed(caller.store.tenant);
      return written;
    },

    /** The next signing secret; the one before stays good for `secretOverlapHours`. */
    async rotate(caller: Caller, id: string): Promise<Signature> {
      const { form, version } = await ownSubscription(caller, id, canonicalBase, undefined);
      const { generation } = signatureOf(form, canonicalBase);
      const signature = { generation: generation + 1, since: clock.now().toISOString() };
      const owner = caller.access.clientId;
      const next = storedForm(form, { id, status: form.status, error: form.error, owner, signature }, canonicalBase);
      await putVersion(placeOf(parts, caller), next, version.version + 1);
      parts.changed(caller.store.tenant);
      return signature;
    },
  };
}

function check(
  { canonicalBase, clock, parameters, egress }: DeskParts,
  caller: Caller,
  sent: SubscriptionResource,
): Terms {
  const { store, base, contract, access } = caller;
  const terms = termsOf(sent, { canonicalBase, base, contract, egress: egress(store.tenant), parameters });
  if (!covers(access, terms)) throw new AppError('forbidden', 'the scopes of the token do not cover what it tells of');
  if (asksOfMasked(terms, caller.sight, { all: parameters, contract, base })) {
    throw new AppError('forbidden', 'it asks about elements that this client does not see');
  }
  if (terms.end !== undefined && Date.parse(terms.end) <= clock.now().getTime()) {
    throw new AppError('unprocessable', 'the end of the subscription has passed', { expression: 'Subscription.end' });
  }
  return terms;
}

async function change(
  parts: DeskParts,
  caller: Caller,
  standing: Standing,
  sent: SubscriptionResource,
): Promise<StoredVersion> {
  const { canonicalBase } = parts;
  check(parts, caller, sent);
  const { form: stored, version } = standing;
  const owner = caller.access.clientId;
  const signature = signatureOf(stored, canonicalBase);
  const part = (status: SubscriptionResource['status'], error?: string) =>
    storedForm(sent, { id: stored.id, status, error, owner, signature }, canonicalBase);
  // As it stands, with nothing but the client's own wishes changed: what must be shaken hands on again.
  const same = formHash(part(stored.status, stored.error)) === formHash(stored);
  const status = nextStatus(sent.status, stored.status, same);
  const form = part(status, status === 'error' ? stored.error : undefined);
  if (formHash(form) === formHash(stored)) return version;
  const written = await putVersion(placeOf(parts, caller), form, version.version + 1);
  parts.changed(caller.store.tenant);
  return written;
}

function placeOf({ clock, extract, canonicalBase }: DeskParts, { store, contract }: Caller): SubscriptionPlace {
  return { store, contract, clock, extract, canonicalBase };
}

export interface Standing {
  readonly version: StoredVersion;
  readonly form: StoredForm;
}

/**
 * The caller's own subscription. Throws `not-found` for what is not there or somebody else's (`forbidden` to those who
 * may see it), `gone` for what the caller deleted, `precondition-failed`.
 */
export async function ownSubscription(
  { store, contract, access }: Caller,
  id: string,
  canonicalBase: string,
  ifMatch: string | undefined,
): Promise<Standing> {
  const key = { contract, type: 'Subscription', id };
  const version = await store.resources.read(key);
  const gone = version?.change === 'delete';
  const shown = gone ? await store.resources.vread(key, version.version - 1) : version;
  const form = shown === undefined ? undefined : parseForm(shown);
  if (version === undefined || form === undefined) throw notThere();
  if (ownerOf(form, canonicalBase) !== access.clientId) {
    throw seesAllSubscriptions(access) ? new AppError('forbidden', 'the subscription is another client’s') : notThere();
  }
  if (gone) throw new AppError('gone', 'the resource has been deleted');
  if (ifMatch !== undefined && ifMatch.replace(/^W\//, '') !== `"${version.version}"` && ifMatch !== '*') {
    throw new AppError('precondition-failed', 'the resource has another version');
  }
  return { version, form };
}

/** A stored version without what its `meta` has of its own. */
export function parseForm({ body }: Pick<StoredVersion, 'body'>): StoredForm {
  const { meta, ...rest } = JSON.parse(body.toString()) as StoredForm;
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...kept } = meta;
  const { resourceType, id, ...others } = rest;
  return { resourceType, id, meta: kept, ...others } as StoredForm;
}

function notThere(): AppError {
  return new AppError('not-found', 'no such resource');
}

/** A client asks for `requested` or `off`; `active` keeps what is active, and asks again for what is not. */
function nextStatus(
  sent: SubscriptionResource['status'],
  stored: SubscriptionResource['status'],
  same: boolean,
): SubscriptionResource['status'] {
  if (sent === 'off' || sent === 'requested') return sent;
  if (sent === 'active') return same && stored === 'active' ? 'active' : 'requested';
  if (same && stored === 'error') return 'error';
  throw notForClients();
}

function notForClients(): AppError {
  const why = 'a client asks for the status requested or off; the server gives the others';
  return new AppError('unprocessable', why, { expression: 'Subscription.status' });
}

function patchedBy(form: StoredForm, patch: unknown): unknown {
  if (!Array.isArray(patch) || patch.length > limits.patchOperationsMax) {
    throw new AppError('invalid', `a JSON Patch is a list of at most ${limits.patchOperationsMax} operations`);
  }
  const document = structuredClone(form);
  if (applied(document, patch as Operation[])) return document;
  throw new AppError('unprocessable', 'the patch does not apply to the resource');
}

/** The library answers with errors for operations that fail, and throws at what is no operation. */
function applied(document: object, patch: Operation[]): boolean {
  try {
    return applyPatch(document, patch).every((failure) => failure === null);
  } catch {
    return false;
  }
}

async function checkRoom({ store, contract }: Caller): Promise<void> {
  const sort = { by: 'id', descending: false } as const;
  const query = { contract, type: 'Subscription', where: { is: 'all' }, sort, count: 0, total: true } as const;
  const { total = 0 } = await store.resources.search(query);
  if (total < limits.subscriptionsPerTenantMax) return;
  throw new AppError('unprocessable', `there are ${limits.subscriptionsPerTenantMax} subscriptions already`);
}
