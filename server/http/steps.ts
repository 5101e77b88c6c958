import { type Access, isRefusal, type Refusal } from '../auth/access.ts';
import { fhirBase } from '../auth/base.ts';
import { challenge, scopeChallenge } from '../auth/challenge.ts';
import { type PermissionSet, scopesUnder } from '../auth/permission-set.ts';
import { allows } from '../auth/scope.ts';
import { present } from '../core/assert.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { Context, InteractionResponse, OpenContext, Service } from '../interaction/context.ts';
import { notFound } from '../interaction/read.ts';
import type { ProtectedRoute } from '../interaction/table.ts';
import type { Sight } from '../visibility/sight.ts';
import { host, rate } from './admission.ts';
import type { ServerDeps } from './deps.ts';
import { authorizations, type Exchange, headerOf } from './exchange.ts';
import { negotiate } from './negotiate.ts';
import { findRoute, locate } from './router.ts';

/** What a step may use. */
export interface StepParts {
  readonly deps: ServerDeps;
  readonly service: Service;
  /** The server stops: answers that go on end. */
  readonly stopping: AbortSignal;
}

/** A step fills the exchange, throws an `AppError`, or (the last one) answers. */
export type Step = (exchange: Exchange, parts: StepParts) => undefined | Promise<InteractionResponse | undefined>;

/**
 * A FHIR request's path, read downward (architecture.md); nothing of a tenant's data is looked at before `interact`, so
 * that refusals cost the same and say the same. The fifteen checks (SMART 2.2, RFC 6750, 9068, 9449), in their order:
 * 1 `host` · 2 `findTenant`, from the path alone · within `token` 3 `sentToken`, one header, 4 `readToken` and
 * `wrongNow`, the JWT, 5 `isOfTenant`, 6 `isRevoked`, 7 `inactive`, tenant, client and person, 8 `possessed`, proof of
 * possession (`auth/verify.ts`, `auth/token-state.ts`) · 9 `permissions`, `scope` · 10 `seenContext`, the types that a
 * search reaches, 11 the tenant's store by its grant alone (`grantedTenant`), 12 `seenBy`, rows and elements in the
 * query · 13 `respond` · 14 `notFound`, what is not seen is not there · 15 `auditEntry` (`handle.ts`).
 */
export const steps: readonly Step[] = [host, findTenant, route, token, permissions, rate, scope, accept, interact];

/** Only looks: a request without a route is still audited where it belongs. */
function findTenant(exchange: Exchange, { deps }: StepParts): undefined | Promise<undefined> {
  const located = locate(exchange.path);
  if (located === undefined) return;
  exchange.located = located;
  exchange.base = fhirBase(deps.publicUrl(), located.tenant, located.contract);
  exchange.registered = deps.registry.tenant(located.tenant);
  return exchange.registered === undefined ? lookAgain(exchange, located.tenant, deps) : undefined;
}

/** Another process may have added the tenant a moment ago. */
async function lookAgain(exchange: Exchange, tenant: string, { registry }: ServerDeps): Promise<undefined> {
  await registry.refresh();
  exchange.registered = registry.tenant(tenant);
}

/** Which routes there are is no secret, so that this comes before the token and is the same for every tenant. */
function route(exchange: Exchange): undefined {
  if ((exchange.raw.url ?? '').length > limits.urlBytesMax) throw new AppError('too-large', 'the URL is too long');
  const found = exchange.located === undefined ? undefined : findRoute(exchange.method, exchange.located);
  if (found === undefined) throw notFound();
  if ('allow' in found) {
    exchange.allow = found.allow;
    throw new AppError('method-not-allowed', `this path answers ${found.allow}`);
  }
  exchange.routed = found;
}

/** An unknown or suspended tenant, or a contract that is not live, answers as a known one does without a token. */
function token(exchange: Exchange, { deps }: StepParts): undefined | Promise<undefined> {
  const { registered, base } = exchange;
  const { tenant, contract } = present(exchange.located, 'the place');
  const live = registered?.status === 'active' && registered.contracts.includes(contract);
  if (live && present(exchange.routed, 'the route').route.open) return;
  const request = {
    method: exchange.method,
    url: deps.publicUrl() + exchange.path,
    proof: headerOf(exchange.raw, 'dpop'),
  };
  const result = deps.authenticate(authorizations(exchange.raw), base, tenant, request);
  return result instanceof Promise ? result.then((late) => admit(exchange, late, live)) : admit(exchange, result, live);
}

function admit(exchange: Exchange, result: Access | Refusal, live: boolean): undefined {
  if (isRefusal(result)) throw refuse(exchange, result);
  if (!live) throw refuse(exchange, { kind: 'invalid', reason: 'tenant-not-active' });
  exchange.access = result;
}

function refuse(exchange: Exchange, refusal: Refusal): AppError {
  exchange.challenge = challenge(exchange.base, refusal);
  exchange.refusal = refusal.reason;
  return new AppError('unauthenticated', 'a valid access token for this base is needed');
}

/** The scopes of the token, as far as the client's permission set lets them be used. */
function permissions(exchange: Exchange, { deps }: StepParts): undefined {
  const { access } = exchange;
  if (access === undefined) return;
  const set = deps.permissionSet(access.grant.tenant, access.clientId);
  const scopes = scopesUnder(access.scopes, set);
  exchange.permissions = set;
  if (scopes !== access.scopes) exchange.access = { ...access, scopes };
}

function scope(exchange: Exchange): undefined {
  const { route, type } = present(exchange.routed, 'the route');
  if (route.open || isCovered(route, type, present(exchange.access, 'access'))) return;
  throw new AppError('forbidden', 'the scopes of the token do not cover this request');
}

function isCovered({ scopeType, scopeTypes, needs }: ProtectedRoute, type: string, access: Access): boolean {
  return (scopeTypes ?? [scopeType ?? type]).some((one) => allows(access, one, needs));
}

function accept(exchange: Exchange): undefined {
  const { route } = present(exchange.routed, 'the route');
  const type = route.always ?? negotiate(headerOf(exchange.raw, 'accept'), exchange.query);
  if (type === undefined) throw new AppError('not-acceptable', 'answers are application/fhir+json');
  exchange.contentType = type;
}

function interact(exchange: Exchange, { deps, service }: StepParts): Promise<InteractionResponse> {
  if (exchange.fault !== undefined) throw exchange.fault;
  const { route, type, id, version } = present(exchange.routed, 'the route');
  const { tenant, contract } = present(exchange.located, 'the place');
  const { base, requestId, correlationId, raw, query, access } = exchange;
  const context: OpenContext = { tenant, contract, base, service, requestId, correlationId };
  const request = { type, id, version, query, body: bodyOf(exchange), header: (name: string) => headerOf(raw, name) };
  if (route.open) return route.run(context, request);
  const set = present(exchange.permissions, 'the permission set');
  const seen = seenContext(exchange, context, present(access, 'access'), set, deps);
  return seen instanceof Promise ? seen.then((late) => route.run(late, request)) : route.run(seen, request);
}

/** What the client sees, now or, of an answer that goes on, again. */
function seenContext(
  exchange: Exchange,
  open: OpenContext,
  access: Access,
  set: PermissionSet,
  deps: ServerDeps,
): Context | Promise<Context> {
  const { contract, base, tenant } = open;
  const store = deps.store.tenant(access.grant);
  const again = async () => {
    const live = deps.registry.tenant(tenant)?.contracts.includes(contract) === true;
    if (!live || (await access.isGood?.()) === false) return undefined;
    const now = deps.permissionSet(tenant, access.clientId);
    const scopes = scopesUnder(access.scopes, now);
    const { route, type } = present(exchange.routed, 'the route');
    const next = { ...access, scopes };
    if (route.open || !isCovered(route, type, next)) return undefined;
    return seenContext(exchange, open, next, now, deps);
  };
  const context = (sight: Sight): Context => {
    exchange.mask = sight.mask;
    const seen = sight.resources === store.resources ? store : { ...store, resources: sight.resources };
    // Named one by one: a spread of the open context takes a thirtieth of a read.
    const { service, requestId, correlationId } = open;
    return { tenant, contract, base, service, requestId, correlationId, access, store: seen, sight, again };
  };
  const sight = deps.seenBy({ contract, base, scopes: access.scopes, set }, store);
  return sight instanceof Promise ? sight.then(context) : context(sight);
}

const mediaTypes = {
  form: {
    pattern: /^application\/x-www-form-urlencoded\b/i,
    says: 'a search by POST is application/x-www-form-urlencoded',
  },
  resource: { pattern: /^application\/(?:fhir\+)?json\b/i, says: 'a resource is application/fhir+json' },
  patch: { pattern: /^application\/json-patch\+json\b/i, says: 'a patch is application/json-patch+json' },
} as const;

/** What the route takes; a form has become part of the query. Throws `unsupported-media-type`. */
function bodyOf({ routed, body, raw }: Exchange): Buffer {
  const { route } = present(routed, 'the route');
  const takes = route.open ? undefined : route.takes;
  if (takes === undefined) return Buffer.alloc(0);
  const type = headerOf(raw, 'content-type');
  if (body.length > 0 && !mediaTypes[takes].pattern.test(type ?? '')) {
    throw new AppError('unsupported-media-type', mediaTypes[takes].says);
  }
  return body;
}

/** A chain may be refused inside the interaction: every 403 names the missing scope in the same way. */
export function challengeOf(exchange: Exchange, error: AppError): string | undefined {
  return error.code === 'forbidden' ? scopeChallenge(exchange.base) : exchange.challenge;
}
