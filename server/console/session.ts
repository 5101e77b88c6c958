import type { AdminScope } from '../auth/admin-scope.ts';
import type { StatedClaims } from '../auth/token-state.ts';

/**
 * Who is logged in at the console: what their access token said, without the token. Kept in a signed cookie; what the
 * person may do is asked of the registry with every page, so that a lost role or a revoked grant counts at once.
 */
export interface ConsoleSession extends StatedClaims {
  readonly userId: string;
  readonly adminScopes: readonly AdminScope[];
  /** Epoch seconds. */
  readonly endsAt: number;
}

export function sessionText(session: ConsoleSession): string {
  return Buffer.from(JSON.stringify(session)).toString('base64url');
}

/**
 * The session of a cookie whose signature is good, while it lasts.
 *
 * @param now epoch seconds
 */
export function sessionFrom(text: string, now: number): ConsoleSession | undefined {
  const session = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as ConsoleSession;
  return session.endsAt > now ? session : undefined;
}
