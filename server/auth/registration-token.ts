import { randomBytes } from 'node:crypto';
import { AppError } from '../core/error.ts';
import { sha256 } from '../core/hash.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import { clientCeiling } from './client-ceiling.ts';

/** An initial access token (RFC 7591): lets a vendor register clients of one tenant, within a ceiling. */
export interface RegistrationToken {
  readonly id: string;
  readonly tenant: string;
  /** The most that a client registered with it may ask for. */
  readonly scope: string;
  readonly contracts: readonly string[];
  /** The permission set of clients that are registered with it; left out: `default`. */
  readonly permissionSet?: string;
  /** How many clients may be registered with it. */
  readonly uses: number;
  /** ISO 8601 UTC. */
  readonly expiresAt: string;
  readonly createdAt: string;
  /** SHA-256 of the whole token. */
  readonly hash: string;
}

/** A new token, not stored yet, and the text that is shown once. Throws `invalid`. */
export function newRegistrationToken(
  wish: Pick<RegistrationToken, 'tenant' | 'scope' | 'contracts' | 'permissionSet' | 'uses' | 'expiresAt'>,
  at: string,
): { readonly token: RegistrationToken; readonly text: string } {
  if (!Number.isInteger(wish.uses) || wish.uses < 1 || wish.uses > limits.registrationUsesMax) {
    throw new AppError('invalid', `a registration token has between 1 and ${limits.registrationUsesMax} uses`);
  }
  if (wish.expiresAt <= at) throw new AppError('invalid', 'a registration token expires in the future');
  const scope = clientCeiling(wish.scope, { admin: false, isPublic: false, people: true });
  const id = randomId();
  const text = `${id}.${randomBytes(32).toString('base64url')}`;
  return { token: { ...wish, id, scope, createdAt: at, hash: sha256(text) }, text };
}

/** The id in a token's text. Whether it is the token, its hash says. */
export function registrationTokenId(text: string): string {
  return text.slice(0, Math.max(0, text.indexOf('.')));
}
