import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, {
  type ConnectionError,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { AuditEntry } from '../audit/entry.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { boundSearches } from '../interaction/bound-searches.ts';
import type { Service } from '../interaction/context.ts';
import type { ServerDeps } from './deps.ts';
import { directServer, isBodiless } from './direct.ts';
import { exchange, headerOf, requestIds } from './exchange.ts';
import { handle } from './handle.ts';
import { answersTo } from './host.ts';
import { safeHeaders, safeHeadersOf } from './safe-headers.ts';
import type { StepParts } from './steps.ts';
import { websockets } from './websocket.ts';

/**
 * The HTTP server: FHIR bases under `/t/`, `/healthz`, `/readyz`, and the plugins' routes. Not listening yet.
 * FHIR requests are one wildcard route whose path `router.ts` reads raw; Fastify decodes and decorates nothing.
 */
export async function buildServer(deps: ServerDeps): Promise<FastifyInstance> {
  const stop = new AbortController();
  // Each open stream listens to it.
  setMaxListeners(0, stop.signal);
  const parts: StepParts = { deps, service: serviceOf(deps), stopping: stop.signal };
  const app = Fastify({
    logger: false,
    serverFactory: directServer((request, response) => {
      if (stop.signal.aborted || !isFhir(request) || !isBodiless(request)) return false;
      void handle(exchange(request, nothing, faultOf(request, '')), parts, response);
      return true;
    }),
    forceCloseConnections: 'idle',
    // Above our own limit for URLs, which answers with an OperationOutcome.
    http: { maxHeaderSize: 2 * limits.urlBytesMax },
    frameworkErrors: (error, request, reply) => answerFailure(parts, error, request, reply),
    clientErrorHandler: (error, socket) => answerUnread(error, socket),
  });
  const { sockets: door, hosts, logger } = deps;
  const sockets = websockets(app.server, { door, hosts, logger });
  app.addHook('preClose', async () => {
    stop.abort();
    sockets.close();
  });
  app.setNotFoundHandler((request, reply) => {
    if (isFhir(request.raw)) answer(parts, request, reply, undefined);
    else answerPlain(404, request, reply);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => answerFailure(parts, error, request, reply));
  await app.register(async (fhir) => {
    fhir.removeAllContentTypeParsers();
    const options = { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax } as const;
    fhir.addContentTypeParser('*', options, (_request, body, done) => done(null, body));
    fhir.all('/t/*', (request, reply) => answer(parts, request, reply, undefined));
  });
  await app.register(async (others) => {
    others.addHook('onRequest', (request, reply, done) => {
      const { requestId, correlationId } = requestIds(request.raw);
      const safe = safeHeadersOf(deps.publicUrl());
      const all = { 'x-request-id': requestId, 'x-correlation-id': correlationId, ...safe };
      for (const [name, value] of Object.entries(all)) reply.raw.setHeader(name, value);
      // Whoever asks whether the server is well knows its address, not its name.
      if (answersTo(deps.hosts, request.headers.host) || probes.has(request.raw.url ?? '')) return done();
      void refuseHost(deps, request, reply, { requestId, correlationId });
    });
    others.get('/healthz', async () => ({ status: 'ok' }));
    others.get('/readyz', async (_request, reply) => {
      const ready = await deps.ready();
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' });
    });
    for (const plugin of deps.plugins) await plugin(others);
  });
  return app;
}

function serviceOf(deps: ServerDeps): Service {
  const { canonicalBase, software, parameters, pageKey, clock, subscriptions, topics, events } = deps;
  return {
    publicUrl: () => deps.publicUrl(),
    trace: (store, contract, base) => deps.trace(store, contract, base),
    searches: boundSearches(),
    canonicalBase,
    software,
    parameters,
    pageKey,
    clock,
    subscriptions,
    topics,
    events,
  };
}

const nothing = { form: '', body: Buffer.alloc(0) } as const;

function isFhir({ url }: IncomingMessage): boolean {
  return url?.startsWith('/t/') === true;
}

function answer(parts: StepParts, request: FastifyRequest, reply: FastifyReply, fault: AppError | undefined): void {
  reply.hijack();
  const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headerOf(request.raw, 'content-type') ?? '');
  const form = isForm && fault === undefined ? body.toString('latin1') : '';
  const arrived = { form, body: isForm ? Buffer.alloc(0) : body };
  void handle(exchange(request.raw, arrived, fault ?? faultOf(request.raw, form)), parts, reply.raw);
}

/** Forms and URLs are ASCII (percent-encoded); links and audit rows are made of them. */
function faultOf({ url }: IncomingMessage, form: string): AppError | undefined {
  return printable.test(form) && printable.test(url ?? '')
    ? undefined
    : new AppError('invalid', 'the request holds characters that must be percent-encoded');
}

const printable = /^[\x21-\x7e]*$/;

/** What Fastify itself refuses: bodies too large, malformed URLs, unknown media types. */
function answerFailure(parts: StepParts, error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 500;
  if (!isFhir(request.raw)) {
    if (status >= 500) parts.deps.logger.error('request failed', { why: error.stack ?? error.message });
    answerPlain(status, request, reply);
    return;
  }
  if (status >= 500) parts.deps.logger.error('request failed', { why: error.stack ?? error.message });
  const fault =
    status === 413
      ? new AppError('too-large', `a body has at most ${limits.bodyBytesMax} bytes`)
      : status === 415
        ? new AppError('unsupported-media-type', 'a search by POST is application/x-www-form-urlencoded')
        : new AppError(status < 500 ? 'invalid' : 'internal', 'the request cannot be read');
  answer(parts, request, reply, fault);
}

const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

async function refuseHost(
  { audit, clock, logger }: ServerDeps,
  { raw }: FastifyRequest,
  reply: FastifyReply,
  ids: { readonly requestId: string; readonly correlationId: string },
): Promise<void> {
  const [path = ''] = (raw.url ?? '').split('?');
  const entry: AuditEntry = {
    ...{ at: clock.now().toISOString(), tenant: null, kind: 'rest', interaction: 'unknown', client: null, jti: null },
    ...{ type: null, id: null, query: path, status: 421, outcome: 4, reason: 'misdirected', ...ids },
    ...{ address: raw.socket.remoteAddress ?? null, disclosed: [] },
  };
  const recorded = await audit(entry).then(
    () => true,
    (error: Error) => logger.error('audit failed, the request fails closed', { ...ids, why: error.message }),
  );
  reply.code(recorded === true ? 421 : 503).send({ error: recorded === true ? 'misdirected' : 'unavailable' });
}

/** Outside FHIR: an error without words about the inside. */
function answerPlain(status: number, request: FastifyRequest, reply: FastifyReply): void {
  const { requestId, correlationId } = requestIds(request.raw);
  reply
    .code(status)
    .header('x-request-id', requestId)
    .header('x-correlation-id', correlationId)
    .headers(safeHeaders)
    .send({ error: plainErrors[status] ?? (status < 500 ? 'bad request' : 'internal error') });
}

const unread: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** What never became a request: a head that is too large or malformed. It is about nothing that could be recorded. */
function answerUnread({ code }: ConnectionError, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const status = unread[code] ?? 400;
  const body = JSON.stringify({ error: STATUS_CODES[status]?.toLowerCase() });
  const headers = { ...safeHeaders, 'content-type': 'application/json', 'content-length': body.length };
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

const plainErrors: Readonly<Record<number, string>> = {
  404: 'not found',
  413: 'too large',
  415: 'unsupported media type',
};
