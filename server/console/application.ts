import cookies from '@fastify/cookie';
import oauth2, { type FastifyOAuth2Options, type OAuth2Namespace } from '@fastify/oauth2';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AdminResponse, handleAdmin } from '../admin/handle.ts';
import type { AdminDeps } from '../admin/route.ts';
import type { TokenClaims } from '../auth/access-token.ts';
import { adminBase } from '../auth/base.ts';
import type { Client } from '../auth/client.ts';
import { plainSecret } from '../auth/new-client.ts';
import { grantKey, type Registrations } from '../auth/registrations.ts';
import { adminAccess } from '../auth/verify-admin.ts';
import { present } from '../core/assert.ts';
import { epochSecond } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { consoleScope } from './client.ts';
import { link, main, page, pageHeaders, paragraph } from './layout.ts';
import { type AskAdmin, consolePage } from './pages.ts';
import { type ConsoleSession, sessionFrom, sessionText } from './session.ts';

export interface ConsoleParts {
  readonly admin: AdminDeps;
  readonly registrations: Registrations & { revoke(key: string, now: Date): Promise<void> };
  /** What an access token of ours says, while it is good. */
  inspect(token: string): Promise<TokenClaims | undefined>;
}

const cookieName = 'esr-fhir-console';

/** The console at one public URL: a web application of its own, logged in by the authorization server beside it. */
export async function consoleApplication(parts: ConsoleParts, client: Client): Promise<FastifyInstance> {
  const { keys } = parts.admin;
  const publicUrl = parts.admin.publicUrl();
  const secure = publicUrl.startsWith('https:');
  const app = Fastify({ logger: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  await app.register(cookies, { secret: keys.derive('console-cookies').toString('base64url') });
  await app.register(oauth2, signIn(publicUrl, client, present(plainSecret(client, keys), 'secret'), secure));
  const { login } = app as unknown as { readonly login: OAuth2Namespace };
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', secure, path: '/console' } as const;
  app.get('/console/callback', async (request, reply) => {
    const claims = await signedIn(parts, login, request, reply);
    if (claims === undefined) return show(reply, 403, 'Not signed in', 'You were not signed in.');
    const endsAt = epochSecond(parts.admin.clock.now()) + limits.consoleSessionSeconds;
    const { tenant, clientId, userId, grantId, jti, issuedAt, adminScopes } = claims;
    const session = { tenant, clientId, userId, grantId, jti, issuedAt, adminScopes, endsAt };
    reply.setCookie(cookieName, sessionText(session), { ...cookie, maxAge: limits.consoleSessionSeconds });
    return reply.redirect('/console', 303);
  });
  app.post('/console/sign-out', async (request, reply) => {
    const session = sessionOf(parts, request);
    if (session?.grantId != null) await parts.registrations.revoke(grantKey(session.grantId), parts.admin.clock.now());
    reply.clearCookie(cookieName, cookie);
    return show(reply, 200, 'Signed out', 'You are signed out.');
  });
  app.get('/console', (request, reply) => answer(parts, request, reply));
  app.get('/console/*', (request, reply) => answer(parts, request, reply));
  app.setNotFoundHandler((_request, reply) => show(reply, 404, 'Not found', 'There is no such page.'));
  app.setErrorHandler<Error>((error, _request, reply) => {
    parts.admin.logger.error('console failed', { why: error.message });
    return show(reply, 500, 'Something is wrong', 'The page cannot be shown.');
  });
  await app.ready();
  return app;
}

/** Authorization code with PKCE (RFC 7636), for the management API; the password is asked for every time. */
function signIn(publicUrl: string, client: Client, secret: string, secure: boolean): FastifyOAuth2Options {
  const resource = adminBase(publicUrl);
  const auth = { tokenHost: publicUrl, tokenPath: '/oauth/token', authorizePath: '/oauth/auth' };
  return {
    name: 'login',
    credentials: { client: { id: client.id, secret }, auth },
    scope: [consoleScope],
    startRedirectPath: '/console/sign-in',
    callbackUri: `${publicUrl}/console/callback`,
    callbackUriParams: { resource, aud: resource, prompt: 'login' },
    tokenRequestParams: { resource },
    pkce: 'S256',
    cookie: { signed: true, secure, path: '/console' },
  };
}

async function signedIn(
  { inspect, admin }: ConsoleParts,
  login: OAuth2Namespace,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<(TokenClaims & { readonly userId: string }) | undefined> {
  try {
    const { token } = await login.getAccessTokenFromAuthorizationCodeFlow(request, reply);
    const claims = await inspect(token.access_token);
    return claims?.userId == null ? undefined : { ...claims, userId: claims.userId };
  } catch (error) {
    // Refused consent, a stale state, a code that came twice: the authorization server has it on record.
    admin.logger.info('nobody signed in at the console', { why: error instanceof Error ? error.message : 'unknown' });
    return undefined;
  }
}

function sessionOf({ admin }: ConsoleParts, request: FastifyRequest): ConsoleSession | undefined {
  const { valid, value } = request.unsignCookie(request.cookies[cookieName] ?? '');
  return valid && value !== null ? sessionFrom(value, admin.clock.now().getTime() / 1000) : undefined;
}

async function answer(parts: ConsoleParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = sessionOf(parts, request);
  if (session === undefined) return reply.redirect('/console/sign-in', 303);
  let ended = false;
  const ask: AskAdmin = async (path) => {
    const answered = await asked(parts, session, path, request);
    if (answered.status === 401) ended = true;
    return answered;
  };
  const [path = ''] = request.url.split('?');
  const shown = await consolePage(path.replace(/^\/console\/?/, ''), ask);
  if (ended) return reply.redirect('/console/sign-in', 303);
  if (shown === undefined) return show(reply, 404, 'Not found', 'There is no such page.', true);
  return reply
    .code(shown.status)
    .headers(pageHeaders)
    .send(page(shown.title, shown.body, true));
}

/** One operation of the management API, with its own checks and its own audit row, in the person's name. */
function asked(
  { admin, registrations }: ConsoleParts,
  session: ConsoleSession,
  path: string,
  { raw, ip }: FastifyRequest,
): Promise<AdminResponse> {
  const authenticate = () => adminAccess(registrations, session, admin.clock.now());
  const [below = '', query = ''] = path.split('?');
  const id = String(raw.headers['x-request-id']);
  return handleAdmin(
    { ...admin, authenticate },
    {
      ...{ method: 'GET', path: below, query, authorization: [], proof: undefined, body: nothing() },
      ...{ requestId: id, correlationId: String(raw.headers['x-correlation-id']), address: ip },
    },
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function show(reply: FastifyReply, status: number, title: string, text: string, person = false): FastifyReply {
  const body = main(title, [
    paragraph(text),
    link(person ? '/console' : '/console/sign-in', person ? 'Back' : 'Sign in'),
  ]);
  return reply
    .code(status)
    .headers(pageHeaders)
    .send(page(title, [body], person));
}
