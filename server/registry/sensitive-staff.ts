import { AppError } from '../core/error.ts';
import type { DocumentStore } from '../store/port.ts';
import type { SensitivePerson } from '../tenancy/sensitive-person.ts';

/** Kind of the documents; their ids are `tenant/ESR person id`. */
export const sensitiveKind = 'sensitive-person';

/** Staff whom a tenant shows to few: withheld from every client whose permission set does not name them. */
export interface SensitiveStaff {
  list(tenant: string): Promise<readonly SensitivePerson[]>;
  /** Safe to repeat. */
  add(tenant: string, person: SensitivePerson): Promise<void>;
  /** Throws `not-found`. */
  remove(tenant: string, person: string): Promise<void>;
  removeAll(tenant: string): Promise<void>;
}

export function sensitiveStaff(documents: DocumentStore): SensitiveStaff {
  const list = async (tenant: string) =>
    (await documents.list(sensitiveKind))
      .filter(({ id }) => id.startsWith(`${tenant}/`))
      .map(({ document }) => JSON.parse(document) as SensitivePerson);
  return {
    list,
    add: (tenant, person) => documents.put(sensitiveKind, `${tenant}/${person.person}`, JSON.stringify(person)),
    async remove(tenant, person) {
      const id = `${tenant}/${person}`;
      if ((await documents.get(sensitiveKind, id)) === undefined) {
        throw new AppError('not-found', 'this person is not marked as sensitive');
      }
      await documents.remove(sensitiveKind, id);
    },
    async removeAll(tenant) {
      for (const { person } of await list(tenant)) await documents.remove(sensitiveKind, `${tenant}/${person}`);
    },
  };
}
