import type { RegistrationToken } from '../auth/registration-token.ts';
import { AppError } from '../core/error.ts';
import type { DocumentStore } from '../store/port.ts';

const kind = 'registration-token';

/** The persisted registration tokens. How often one was used, its uses say: rows of the OAuth store. */
export interface RegistrationTokens {
  find(id: string): Promise<RegistrationToken | undefined>;
  list(tenant: string): Promise<readonly RegistrationToken[]>;
  add(token: RegistrationToken): Promise<void>;
  /** Throws `not-found` where the token is not that tenant's. */
  remove(id: string, tenant: string): Promise<void>;
}

export function registrationTokens(documents: DocumentStore): RegistrationTokens {
  const find = async (id: string) => {
    const document = await documents.get(kind, id);
    return document === undefined ? undefined : (JSON.parse(document) as RegistrationToken);
  };
  return {
    find,
    async list(tenant) {
      const all = (await documents.list(kind)).map((row) => JSON.parse(row.document) as RegistrationToken);
      return all.filter((token) => token.tenant === tenant);
    },
    add: (token) => documents.put(kind, token.id, JSON.stringify(token)),
    async remove(id, tenant) {
      const token = await find(id);
      if (token?.tenant !== tenant) throw new AppError('not-found', `tenant ${tenant} has no registration token ${id}`);
      await documents.remove(kind, id);
    },
  };
}
