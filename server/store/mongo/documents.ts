import { present } from '../../core/assert.ts';
import { StoreError } from '../error.ts';
import type { Batch, DocumentStore } from '../port.ts';
import type { WritableJournal } from './journal.ts';
import type { SystemParts } from './tenant-parts.ts';

/** A change of one registry document; null removes it. */
interface DocumentOp {
  readonly kind: string;
  readonly id: string;
  readonly document: string | null;
}

/** Registry documents, written through a journal of their own, whose number is the counter that caches compare. */
export function documentStore(parts: () => SystemParts, journal: WritableJournal<SystemParts>): DocumentStore {
  const keyOf = (kind: string, id: string) => `${kind}/${id}`;
  const find = (at: SystemParts, kind: string, id: string) =>
    at.document.findOne({ _id: at.document.id(keyOf(kind, id)), kind });
  const write = async (op: DocumentOp, allowed: (exists: boolean) => boolean) => {
    await journal.commit({
      at: new Date().toISOString(),
      ops: [op],
      async check(at) {
        const exists = (await find(at, op.kind, op.id)) !== undefined;
        if (!allowed(exists)) throw new StoreError('exists', 'a document is or is not there');
        return [];
      },
    });
  };
  return {
    get: (kind, id) => journal.reading(async () => (await find(parts(), kind, id))?.document),

    list: (kind) =>
      journal.reading(async () => {
        const found = await parts().document.find({ kind }, { sort: { id: 1 } });
        return found.map(({ id, document }) => ({
          id: present(id, 'the id'),
          document: present(document, 'the text'),
        }));
      }),

    async put(kind, id, document) {
      await write({ kind, id, document }, () => true);
    },

    insert: (kind, id, document) => happened(write({ kind, id, document }, (exists) => !exists)),

    async remove(kind, id) {
      await happened(write({ kind, id, document: null }, (exists) => exists));
    },

    async counter() {
      return (await journal.head()).sequence;
    },
  };
}

/** Writes what a change says. */
export async function applyDocuments(at: SystemParts, batch: Batch, ops: readonly object[]): Promise<void> {
  const writes = (ops as readonly DocumentOp[]).map(({ kind, id, document }) => ({
    key: `${kind}/${id}`,
    set: document === null ? {} : { kind, id, document },
  }));
  await at.document.writeAsOf(batch.sequence, writes);
}

async function happened(writing: Promise<void>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'exists') return false;
    throw error;
  }
}
