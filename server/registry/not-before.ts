import type { Party } from '../auth/registrations.ts';
import type { DocumentStore } from '../store/port.ts';

const kind = 'not-before';

/**
 * Ends every token of a tenant, a client or a person that was issued before `at`. The epoch outlives what it is about:
 * an id that is given again inherits no tokens.
 */
export async function endTokens(documents: DocumentStore, party: Party, id: string, at: Date): Promise<void> {
  await documents.put(kind, `${party}/${id}`, String(at.getTime() / 1000));
}

/** All epochs, by `party/id`: epoch seconds. */
export async function tokenEpochs(documents: DocumentStore): Promise<ReadonlyMap<string, number>> {
  return new Map((await documents.list(kind)).map((row) => [row.id, Number(row.document)]));
}
