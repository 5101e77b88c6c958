import type { AuditEntry } from '../audit/entry.ts';
import { isRefusal } from '../auth/access.ts';
import { adminBase } from '../auth/base.ts';
import { challenge, scopeChallenge } from '../auth/challenge.ts';
import type { AdminAccess } from '../auth/verify-admin.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { StoreError } from '../store/error.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { checkedBody } from './body.ts';
import { openApi } from './openapi.ts';
import { problemOf } from './problem.ts';
import type { AdminAnswer, AdminContext, AdminDeps, AdminRoute } from './route.ts';
import { type AdminRouted, findAdminRoute } from './router.ts';

/** A request to the management API as it came. */
export interface AdminArrival {
  readonly method: string;
  /** Path below `/admin/v1/`, raw, and query without `?`. */
  readonly path: string;
  readonly query: string;
  readonly authorization: readonly string[];
  /** Value of the `DPoP` header. */
  readonly proof: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  readonly requestId: string;
  readonly correlationId: string;
  readonly address: string | null;
}

export interface AdminResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What is known of a request by the time that it is audited. */
interface Progress {
  routed?: AdminRouted;
  tenant: Tenant | undefined;
  access?: AdminAccess;
  refusal?: string;
  headers: Record<string, string>;
}

/** Answers one request; never rejects. What cannot be recorded is not answered. */
export async function handleAdmin(deps: AdminDeps, arrival: AdminArrival): Promise<AdminResponse> {
  const progress: Progress = { tenant: undefined, headers: {} };
  let failure: AppError | undefined;
  let answer: AdminAnswer | undefined;
  try {
    answer = await run(deps, arrival, progress);
  } catch (thrown) {
    failure = asAppError(thrown, deps, arrival.requestId);
  }
  try {
    await deps.audit(auditEntry(deps, arrival, progress, answer, failure));
  } catch (thrown) {
    deps.logger.error('audit failed, the request fails closed', { requestId: arrival.requestId, why: why(thrown) });
    failure = new AppError('unavailable', 'the request could not be recorded');
  }
  if (failure === undefined && answer !== undefined)
    return { status: answer.status, headers: progress.headers, body: answer.body };
  const problem = problemOf(failure ?? new AppError('internal', 'no answer'), arrival.requestId);
  const headers = { ...progress.headers, 'content-type': 'application/problem+json; charset=utf-8' };
  return { status: problem.status, headers, body: problem.document };
}

/** Route, token, tenant, scope, operation: in this order, so that nobody learns which tenants there are. */
async function run(deps: AdminDeps, arrival: AdminArrival, progress: Progress): Promise<AdminAnswer> {
  if (arrival.path === 'openapi.json' && arrival.method === 'GET') {
    return { status: 200, body: openApi(deps.publicUrl(), deps.software) };
  }
  if (arrival.query.length > limits.urlBytesMax) throw new AppError('too-large', 'the URL is too long');
  const routed = findAdminRoute(arrival.method, arrival.path);
  if (routed === undefined) throw notFound();
  if ('allow' in routed) {
    progress.headers['allow'] = routed.allow;
    throw new AppError('method-not-allowed', `this path answers ${routed.allow}`);
  }
  progress.routed = routed;
  const { route, tenant } = routed;
  if (tenant !== '') progress.tenant = await registered(deps, tenant);
  const access = await authenticated(deps, arrival, progress);
  const { correlationId } = arrival;
  const query = new URLSearchParams(arrival.query);
  const request = async () => ({ id: routed.id, query, body: arrival.body, json: await jsonBody(route, arrival) });
  if (route.reach !== undefined) {
    count(deps, progress, undefined, access);
    if (!mayReach(deps, access, route)) throw lacksScope(deps, progress, route);
    return route.run({ deps, access, correlationId }, await request());
  }
  const context = contextOf(deps, arrival, access, tenant, progress.tenant);
  count(deps, progress, progress.tenant, access);
  if (!access.may(route.scope, tenant)) throw lacksScope(deps, progress, route);
  return route.run(context, await request());
}

/** Without a tenant in the path: a route of the platform, or one about whatever tenants the token is good for. */
function mayReach({ registry }: AdminDeps, access: AdminAccess, { reach, scope }: AdminRoute): boolean {
  if (access.may(scope, null)) return true;
  return reach === 'own' && [...registry.tenants()].some(({ id }) => access.may(scope, id));
}

function lacksScope(deps: AdminDeps, progress: Progress, { scope }: AdminRoute): AppError {
  progress.headers['www-authenticate'] = scopeChallenge(adminBase(deps.publicUrl()));
  return new AppError('forbidden', `this needs the scope ${scope}`);
}

/** Has the client, or its whole tenant, asked too often? */
function count(deps: AdminDeps, progress: Progress, tenant: Tenant | undefined, { clientId }: AdminAccess): void {
  const rate = deps.rate(tenant, clientId);
  if (rate === undefined) return;
  Object.assign(progress.headers, rate.headers);
  if (!rate.allowed) throw new AppError('throttled', 'too many requests: Retry-After says when to come again');
}

async function jsonBody({ body }: AdminRoute, arrival: AdminArrival): Promise<unknown> {
  return typeof body === 'object' ? checkedBody(arrival.body, body) : undefined;
}

/** Another process may have added the tenant a moment ago. */
async function registered({ registry }: AdminDeps, id: string): Promise<Tenant | undefined> {
  if (registry.tenant(id) === undefined) await registry.refresh();
  return registry.tenant(id);
}

async function authenticated(deps: AdminDeps, arrival: AdminArrival, progress: Progress): Promise<AdminAccess> {
  const { method, path, proof } = arrival;
  const url = `${adminBase(deps.publicUrl())}/${path}`;
  const result = await deps.authenticate(arrival.authorization, { method, url, proof });
  if (!isRefusal(result)) {
    progress.access = result;
    return result;
  }
  progress.refusal = result.reason;
  progress.headers['www-authenticate'] = challenge(adminBase(deps.publicUrl()), result);
  throw new AppError('unauthenticated', 'a valid access token of the management API is needed');
}

/** A tenant that the token is not good for answers as one that never was. */
function contextOf(
  deps: AdminDeps,
  { correlationId }: AdminArrival,
  access: AdminAccess,
  wanted: string,
  tenant: Tenant | undefined,
): AdminContext {
  const grant = tenant === undefined ? undefined : access.grant(wanted);
  if (tenant === undefined || grant === undefined) throw notFound();
  const stewardship = { parts: deps.ingest, tenant, store: deps.ingest.store.tenant(grant) };
  return { deps, access, stewardship, correlationId };
}

function notFound(): AppError {
  return new AppError('not-found', 'there is nothing at this address');
}

function asAppError(thrown: unknown, { logger }: AdminDeps, requestId: string): AppError {
  if (thrown instanceof AppError) {
    if (thrown.detail !== undefined) logger.warn(thrown.detail, { requestId, code: thrown.code });
    return thrown;
  }
  logger.error('request failed', { requestId, why: why(thrown) });
  return thrown instanceof StoreError
    ? new AppError('unavailable', 'the data cannot be reached at the moment')
    : new AppError('internal', 'the request could not be answered');
}

function why(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

function auditEntry(
  { clock }: AdminDeps,
  { path, query, requestId, correlationId, address }: AdminArrival,
  { routed, tenant, access, refusal }: Progress,
  answer: AdminAnswer | undefined,
  failure: AppError | undefined,
): AuditEntry {
  const status = failure === undefined ? (answer?.status ?? 500) : problemOf(failure, requestId).status;
  return {
    at: clock.now().toISOString(),
    tenant: tenant?.id ?? null,
    kind: 'admin',
    interaction: routed?.route.operation ?? (path === 'openapi.json' ? 'openapi' : 'unknown'),
    client: access?.clientId ?? null,
    ...(access?.userId == null ? {} : { user: access.userId }),
    jti: access?.jti ?? null,
    type: null,
    id: answer?.id ?? (routed?.id || null),
    query: `/admin/v1/${path}${query === '' ? '' : `?${withoutToken(query)}`}`,
    status,
    outcome: status < 400 ? 0 : status < 500 ? 4 : 8,
    reason: refusal ?? failure?.code ?? answer?.reason ?? null,
    requestId,
    correlationId,
    address,
    disclosed: answer?.disclosed ?? [],
  };
}

/** A token in a URL (RFC 6750, 2.3, which we do not accept) must not end up in the audit. */
function withoutToken(query: string): string {
  return query.replace(/(^|&)access_token=[^&]*/g, '$1access_token=…');
}
