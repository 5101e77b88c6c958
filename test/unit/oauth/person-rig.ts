import { createHash, randomBytes } from 'node:crypto';
import type { Client } from '../../../server/auth/client.ts';
import { hashPassword } from '../../../server/auth/password.ts';
import type { Membership, User } from '../../../server/auth/user.ts';
import { randomId } from '../../../server/core/id.ts';
import { browser, logIn } from '../../support/browser.ts';
import type { Answer, Rig } from './rig.ts';

export const redirectUri = 'https://app.example/back';
export const password = 'correct horse battery';
let hashed: string | undefined;

export async function person(rig: Rig, name: string, memberships: readonly Membership[]): Promise<User> {
  hashed ??= await hashPassword(password);
  const user: User = {
    ...{ id: `u_${randomId()}`, name, password: hashed, memberships },
    practitioners: { t1: 'p-1' },
    status: 'active',
    createdAt: new Date().toISOString(),
  };
  await rig.users.add(user);
  return user;
}

const peopleScope = 'openid fhirUser offline_access user/*.rs user/AuditEvent.rs';

/** A public app of tenant t1. */
export async function app(rig: Rig, change: object = {}): Promise<Client> {
  const { client } = await rig.register({
    ...{ name: 'App', scope: peopleScope, redirectUris: [redirectUri], public: true },
    ...change,
  });
  return client;
}

export interface Challenge {
  readonly verifier: string;
  readonly challenge: string;
}

export function challenge(): Challenge {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The URL of an authorization request; a parameter of undefined is left out. */
export function authorizationUrl(
  rig: Rig,
  client: Client,
  pkce: Challenge,
  change: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters = {
    ...{ response_type: 'code', client_id: client.id, redirect_uri: redirectUri, state: 's-1', nonce: 'n-1' },
    ...{ scope: 'openid fhirUser offline_access user/*.rs', aud: `${rig.url}/t/t1/fhir/v1` },
    ...{ code_challenge: pkce.challenge, code_challenge_method: 'S256', ...change },
  };
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return `${rig.url}/oauth/auth?${new URLSearchParams(given)}`;
}

/** The code of a login by `name`. */
export async function codeOf(rig: Rig, client: Client, name: string, pkce: Challenge, change = {}): Promise<string> {
  const back = await logIn(browser(rig.url), authorizationUrl(rig, client, pkce, change), name, password);
  const code = back.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${back}`);
  return code;
}

export function redeem(rig: Rig, client: Client, code: string, { verifier }: Challenge, headers = {}): Promise<Answer> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
  return rig.post({ ...form, client_id: client.id }, headers);
}

/** A whole login. */
export async function tokens(rig: Rig, client: Client, name: string, change = {}): Promise<Answer> {
  const pkce = challenge();
  return redeem(rig, client, await codeOf(rig, client, name, pkce, change), pkce);
}

export function refresh(rig: Rig, client: Client, token: unknown, more: Record<string, string> = {}): Promise<Answer> {
  return rig.post({ grant_type: 'refresh_token', refresh_token: String(token), client_id: client.id, ...more });
}
