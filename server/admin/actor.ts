import type { AdminAccess } from '../auth/verify-admin.ts';

/** Who decided, as the ledger and the audit name them: the person, else the client. */
export function actorOf({ userId, clientId }: Pick<AdminAccess, 'userId' | 'clientId'>): string {
  return userId ?? clientId;
}
