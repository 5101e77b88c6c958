import type { ServerResponse } from 'node:http';
import type { AuditEntry } from '../audit/entry.ts';
import { maskTold } from '../audit/row.ts';
import { AppError } from '../core/error.ts';
import { answers, outcomeBytes } from '../fhir/outcome.ts';
import type { InteractionResponse } from '../interaction/context.ts';
import { StoreError } from '../store/error.ts';
import { answerPreflight, corsHeaders, isPreflight } from './cors.ts';
import type { Exchange } from './exchange.ts';
import { respond } from './respond.ts';
import { safeHeadersOf } from './safe-headers.ts';
import { challengeOf, type StepParts, steps } from './steps.ts';
import { streamed } from './streamed.ts';

/** An answer with what the audit must know of its failure. */
interface Answer extends InteractionResponse {
  readonly failure?: AppError;
}

/** Runs the steps, records the outcome, and only then answers. Never rejects. */
export async function handle(exchange: Exchange, parts: StepParts, to: ServerResponse): Promise<void> {
  if (isPreflight(exchange)) return answerPreflight(exchange, parts.deps, to);
  let answer: Answer;
  try {
    answer = await run(exchange, parts);
  } catch (thrown) {
    answer = failureAnswer(exchange, asAppError(thrown, exchange, parts));
  }
  try {
    await parts.deps.audit(auditEntry(exchange, answer, parts.deps.clock.now()));
  } catch (thrown) {
    parts.deps.logger.error('audit failed, the request fails closed', {
      requestId: exchange.requestId,
      why: why(thrown),
    });
    answer = failureAnswer(exchange, new AppError('unavailable', 'the request could not be recorded'));
  }
  const { deps } = parts;
  respond(exchange, { safe: safeHeadersOf(deps.publicUrl()), cors: corsHeaders(exchange, deps) }, answer, to);
  if (answer.stream !== undefined && exchange.method !== 'HEAD') {
    const record = (disclosed: readonly string[]) =>
      parts.deps.audit(auditEntry(exchange, { ...answer, disclosed }, parts.deps.clock.now()));
    await streamed(answer.stream, to, record, parts);
  }
}

async function run(exchange: Exchange, parts: StepParts): Promise<Answer> {
  for (const step of steps) {
    const result = step(exchange, parts);
    const response = result === undefined ? undefined : await result;
    if (response !== undefined) return response;
  }
  throw new Error('no step answered');
}

/** The one way in which an error becomes an answer. */
function failureAnswer(exchange: Exchange, failure: AppError): Answer {
  const challenge = challengeOf(exchange, failure);
  return {
    status: answers[failure.code].status,
    headers: {
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(exchange.allow === undefined ? {} : { allow: exchange.allow }),
      ...(failure.code === 'unavailable' ? { 'retry-after': '1' } : {}),
      'content-type': 'application/fhir+json; charset=utf-8',
    },
    body: outcomeBytes(failure),
    disclosed: [],
    failure,
  };
}

/** What nobody expected is a bug: the log has it, the client learns nothing. */
function asAppError(thrown: unknown, { requestId }: Exchange, { deps }: StepParts): AppError {
  if (thrown instanceof AppError) {
    if (thrown.detail !== undefined) deps.logger.warn(thrown.detail, { requestId, code: thrown.code });
    return thrown;
  }
  deps.logger.error('request failed', { requestId, why: why(thrown) });
  return thrown instanceof StoreError
    ? new AppError('unavailable', 'the data cannot be reached at the moment')
    : new AppError('internal', 'the request could not be answered');
}

function why(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

function auditEntry(exchange: Exchange, { status, failure, disclosed, created = '' }: Answer, now: Date): AuditEntry {
  const { routed, registered, access, path, query, requestId, correlationId, raw } = exchange;
  const entry: AuditEntry = {
    at: isoTime(now),
    tenant: registered?.id ?? null,
    kind: routed?.route.audit ?? 'rest',
    interaction: routed?.route.interaction ?? 'unknown',
    client: access?.clientId ?? null,
    jti: access?.jti ?? null,
    type: routed === undefined || routed.type === '' ? null : routed.type,
    id: (routed?.id ?? '') || created || null,
    query: query === '' ? path : `${path}?${withoutToken(query)}`,
    status,
    outcome: status < 400 ? 0 : status < 500 ? 4 : 8,
    reason: exchange.refusal ?? failure?.code ?? null,
    requestId,
    correlationId,
    address: raw.socket.remoteAddress ?? null,
    disclosed,
  };
  const user = access?.userId ?? undefined;
  const mask = maskTold(disclosed, exchange.mask);
  // Most requests have neither: spreading what is not there takes a hundredth of a read.
  if (user === undefined && mask === undefined) return entry;
  return { ...entry, ...(user === undefined ? {} : { user }), ...(mask === undefined ? {} : { mask }) };
}

let lastMs = Number.NaN;
let lastIso = '';

/** Many requests share a millisecond. */
function isoTime(now: Date): string {
  const ms = now.getTime();
  if (ms !== lastMs) {
    lastMs = ms;
    lastIso = now.toISOString();
  }
  return lastIso;
}

/** A token that somebody put into a URL (RFC 6750, 2.3, which we do not accept) must not end up in the audit. */
function withoutToken(query: string): string {
  return query.includes('access_token') ? query.replace(/(^|&)access_token=[^&]*/g, '$1access_token=…') : query;
}
