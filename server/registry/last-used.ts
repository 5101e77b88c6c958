import type { Clock } from '../core/clock.ts';
import type { DocumentStore } from '../store/port.ts';

const kind = 'client-used';

/** When clients were last seen, noted in memory and written in batches: a request costs a look-up. */
export interface LastUsed {
  note(clientId: string): void;
  /** Writes what was noted since the last time. */
  flush(): Promise<void>;
}

export function lastUsed(documents: DocumentStore, clock: Clock): LastUsed {
  let noted = new Map<string, Date>();
  return {
    note: (clientId) => void noted.set(clientId, clock.now()),
    async flush() {
      const batch = noted;
      noted = new Map();
      for (const [id, at] of batch) await documents.put(kind, id, at.toISOString());
    },
  };
}

/** By client id: ISO 8601 UTC, up to `limits.lastUsedFlushMs` late. */
export async function lastUses(documents: DocumentStore): Promise<ReadonlyMap<string, string>> {
  return new Map((await documents.list(kind)).map(({ id, document }) => [id, document]));
}
