import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InteractionResults, Provider } from 'oidc-provider';
import { adminScopesOf } from '../auth/admin-role.ts';
import type { Client, Clients } from '../auth/client.ts';
import { isPassword } from '../auth/password.ts';
import { rolesIn, type User, type Users } from '../auth/user.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { type ConsentView, consentPage, loginPage, problemPage } from './interaction-page.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { type AskedScope, askedForPerson, grantable, scopeText } from './people.ts';
import { readForm } from './request-form.ts';

export interface InteractionParts {
  readonly users: Users;
  readonly clients: Clients;
  readonly tenants: { find(id: string): Promise<Tenant | undefined> };
  readonly throttle: LoginThrottle;
  /** Durable when it resolves. `user`: id, null where nobody of that name is known. */
  audit(event: InteractionEvent): Promise<void>;
  readonly publicUrl: string;
}

/** What a person did at the login pages. */
export interface InteractionEvent {
  readonly interaction: 'login' | 'consent';
  readonly client: Client;
  readonly user: string | null;
  /** Why not; null = it succeeded. */
  readonly refused: string | null;
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

interface Scene {
  readonly details: Details;
  readonly client: Client;
  /** Undefined: the client is a console of the platform. */
  readonly tenant: Tenant | undefined;
  /** Who is logged in. */
  readonly user: User | undefined;
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const;

/**
 * The pages between an authorization request and its code: login, then consent. `/oauth/interaction/{uid}` belongs to
 * the browser that began: the library's signed cookie, which other sites' forms do not carry (SameSite), says which.
 */
export async function interact(
  provider: Provider,
  parts: InteractionParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const scene = await sceneOf(provider, parts, request, response);
  if (scene === undefined) {
    return show(
      response,
      400,
      problemPage('This login has ended or was begun in another browser. Start again in the app.'),
    );
  }
  const form = request.method === 'POST' ? await ownForm(request, parts.publicUrl) : undefined;
  if (request.method === 'POST' && form === undefined)
    return show(response, 400, problemPage('The form cannot be read.'));
  const finish = (result: InteractionResults) => provider.interactionFinished(request, response, result);
  if (form?.get('action') === 'cancel') return finish(denied);
  const { prompt } = scene.details;
  if (prompt.name === 'login') return login(parts, scene, form, response, finish);
  if (prompt.name !== 'consent') return finish({ error: 'interaction_required' });
  return consent(provider, parts, scene, form, response, finish);
}

const denied: InteractionResults = { error: 'access_denied', error_description: 'the person refused' };

type Finish = (result: InteractionResults) => Promise<void>;

async function sceneOf(
  provider: Provider,
  { users, clients, tenants }: InteractionParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Scene | undefined> {
  const details = await provider.interactionDetails(request, response).catch((error: Error) => {
    if (error.name === 'SessionNotFound') return undefined;
    throw error;
  });
  if (details === undefined || !(request.url ?? '').endsWith(`/${details.uid}`)) return undefined;
  const client = await clients.find(String(details.params['client_id']));
  const tenant = client?.tenant == null ? undefined : await tenants.find(client.tenant);
  if (client?.status !== 'active' || (client.tenant !== null && tenant?.status !== 'active')) return undefined;
  const accountId = details.session?.accountId;
  const user = accountId === undefined ? undefined : await users.find(accountId);
  return { details, client, tenant, user };
}

/** A form from one of our own pages: browsers that say where it comes from must say that. */
async function ownForm(request: IncomingMessage, publicUrl: string): Promise<URLSearchParams | undefined> {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== 'null' && origin !== new URL(publicUrl).origin) return undefined;
  return readForm(request);
}

async function login(
  { users, throttle, audit }: InteractionParts,
  scene: Scene,
  form: URLSearchParams | undefined,
  response: ServerResponse,
  finish: Finish,
): Promise<void> {
  const { client } = scene;
  if (form === undefined) return show(response, 200, loginPage(viewOf(scene)), scene);
  const name = (form.get('username') ?? '').trim().toLowerCase();
  const again = async (refused: string, user: User | undefined) => {
    await audit({ interaction: 'login', client, user: user?.id ?? null, refused });
    const problem = 'User name or password is wrong, or you have no access to this organisation.';
    return show(response, 401, loginPage({ ...viewOf(scene), problem }), scene);
  };
  if (!throttle.allows(name)) return again('too-many-failures', undefined);
  const user = await users.named(name);
  if (!(await isPassword(form.get('password') ?? '', user?.password)) || user === undefined) {
    throttle.failed(name);
    return again('wrong-password', user);
  }
  throttle.succeeded(name);
  if (!belongs(user, client)) return again('no-role', user);
  await audit({ interaction: 'login', client, user: user.id, refused: null });
  // Not remembered past the browser's session: ward computers are shared.
  return finish({ login: { accountId: user.id, remember: false } });
}

async function consent(
  provider: Provider,
  { audit }: InteractionParts,
  scene: Scene,
  form: URLSearchParams | undefined,
  response: ServerResponse,
  finish: Finish,
): Promise<void> {
  const { details, client, user } = scene;
  const asked = askedForPerson(client, details.params['scope'] as string | undefined);
  const given = user === undefined || asked === undefined ? undefined : grantable(asked, user, client.tenant);
  const nothing = given === undefined || scopeText(given) === '';
  if (user === undefined || asked === undefined || nothing || !belongs(user, client)) {
    await audit({ interaction: 'consent', client, user: user?.id ?? null, refused: 'no-role' });
    return finish(denied);
  }
  if (form?.get('action') !== 'consent')
    return show(response, 200, consentPage(consentView(scene, asked, given)), scene);
  const grant = new provider.Grant({ accountId: user.id, clientId: client.id });
  const resource = String(details.params['resource']);
  const left = without(asked, given);
  if (given.identity.length > 0) grant.addOIDCScope(given.identity.join(' '));
  grant.addResourceScope(resource, scopeText(given));
  if (left.identity.length > 0) grant.rejectOIDCScope(left.identity.join(' '));
  if (scopeText(left) !== '') grant.rejectResourceScope(resource, scopeText(left));
  await audit({ interaction: 'consent', client, user: user.id, refused: null });
  return finish({ consent: { grantId: await grant.save() } });
}

function without(asked: AskedScope, given: AskedScope): AskedScope {
  return {
    identity: asked.identity.filter((scope) => !given.identity.includes(scope)),
    resource: asked.resource.filter((scope) => !given.resource.includes(scope)),
    admin: asked.admin.filter((scope) => !given.admin.includes(scope)),
  };
}

/** Has the person a role where the client works? */
function belongs(user: User, { admin, tenant }: Client): boolean {
  if (admin === true) return adminScopesOf(user, tenant).size > 0;
  return tenant !== null && rolesIn(user, tenant).length > 0;
}

function viewOf({ client, tenant }: Scene) {
  return { client: client.name, organisation: tenant?.name ?? 'this server' };
}

function consentView(scene: Scene, asked: AskedScope, given: AskedScope): ConsentView {
  const left = without(asked, given);
  return { ...viewOf(scene), granted: sentences(given), withheld: sentences(left) };
}

const identitySentences: Readonly<Record<string, string>> = {
  openid: 'know who you are',
  fhirUser: 'know your own entry among the staff',
  offline_access: 'keep this access until you or your organisation end it, also when you are away',
};

const letters = { c: 'create', r: 'read', u: 'change', d: 'delete', s: 'search' } as const;

function sentences({ identity, resource, admin }: AskedScope): readonly string[] {
  const words = resource.map(({ type, permissions }) => {
    const what = type === '*' ? 'everything about staff and organisations that you may see' : type;
    return `${permissions.map((letter) => letters[letter]).join(', ')}: ${what}`;
  });
  const managed = admin.map((scope) => {
    const [area = '', right = ''] = scope.slice('admin/'.length).split('.');
    return `${right === 'read' ? 'see' : 'change'}: ${area}, where your role allows it`;
  });
  return [...identity.map((scope) => identitySentences[scope] ?? scope), ...words, ...managed];
}

/** A form leads back to the app at its end, and browsers hold that against `form-action` too. */
function show(response: ServerResponse, status: number, html: string, scene?: Scene): void {
  const back = scene === undefined ? '' : ` ${new URL(String(scene.details.params['redirect_uri'])).origin}`;
  const policy = `default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'${back}`;
  response.writeHead(status, { ...headers, 'content-security-policy': policy });
  response.end(html);
}
