import { checkpointWriter } from '../audit/checkpoint.ts';
import type { AuditLog, AuditRow, DocumentStore } from '../store/port.ts';

const headKind = 'audit-head';
const breakKind = 'audit-break';

/** A checkpoint that the system store remembers of a log. */
export interface NotedHead {
  /** Place in the chain of checkpoints. */
  readonly number: number;
  readonly hash: string;
  /** ISO 8601 UTC, when it was signed. */
  readonly at: string;
}

/** A noted head that the log did not hold when a server began to write it. */
export interface LostHead extends NotedHead {
  readonly foundAt: string;
}

/** The memory, outside a log, of how far it had come (architecture.md: "so that an older file put back is noticed"). */
export interface NotedHeads {
  put(row: AuditRow): Promise<void>;
  /** The noted head, where there is one and the log does not hold it. */
  lost(log: AuditLog): Promise<NotedHead | undefined>;
  /** Keeps a lost head for good: the next `put` would hide that it ever was. */
  keepLost(head: NotedHead, foundAt: Date): Promise<void>;
  /** What a log must hold: the noted head, and those that were lost. */
  all(): Promise<{ readonly head: NotedHead | undefined; readonly lost: readonly LostHead[] }>;
  /** Of a tenant that is gone. */
  forget(): Promise<void>;
}

/** @param tenant null for the system's own log */
export function notedHeads(documents: DocumentStore, tenant: string | null): NotedHeads {
  const name = tenant === null ? 'system' : `tenant/${tenant}`;
  const head = async () => {
    const text = await documents.get(headKind, name);
    return text === undefined ? undefined : (JSON.parse(text) as NotedHead);
  };
  const lostHeads = async () => (await documents.list(breakKind)).filter(({ id }) => id.startsWith(`${name}:`));
  return {
    async put({ number, hash, at }) {
      await documents.put(headKind, name, JSON.stringify({ number, hash, at } satisfies NotedHead));
    },
    async lost(log) {
      const noted = await head();
      if (noted === undefined) return undefined;
      return (await log.row(checkpointWriter, noted.number))?.hash === noted.hash ? undefined : noted;
    },
    async keepLost(lost, foundAt) {
      const document: LostHead = { ...lost, foundAt: foundAt.toISOString() };
      await documents.insert(breakKind, `${name}:${lost.number}:${lost.hash.slice(0, 16)}`, JSON.stringify(document));
    },
    async all() {
      return {
        head: await head(),
        lost: (await lostHeads()).map(({ document }) => JSON.parse(document) as LostHead),
      };
    },
    async forget() {
      await documents.remove(headKind, name);
      for (const { id } of await lostHeads()) await documents.remove(breakKind, id);
    },
  };
}
