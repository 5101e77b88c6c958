import { createHash } from 'node:crypto';
import { writeBatch } from '../commit/write-batch.ts';
import { randomId } from '../core/id.ts';
import type { FileRow, TenantStore } from '../store/port.ts';
import { fileStateEvents } from './file-events.ts';
import { rawBlob, receivedFile } from './ledger.ts';
import type { IngestParts, Source } from './parts.ts';

export type Received =
  | { readonly is: 'new'; readonly file: FileRow }
  /** The same bytes stand on the ledger already: applied, held, or being applied. */
  | { readonly is: 'known'; readonly file: FileRow };

const standing = ['applied', 'held', 'applying', 'received'];

/**
 * Keeps the raw bytes, encrypted, and opens the ledger row; the bytes of a file that is known change nothing.
 *
 * @param watch is shown the bytes as they pass
 */
export async function receive(
  parts: IngestParts,
  store: TenantStore,
  source: Source,
  watch: { take(piece: Uint8Array): void },
): Promise<Received> {
  const id = source.id ?? randomId();
  const { bytes, sha256 } = await store.blobs.put(rawBlob(id), watched(source.open(), watch));
  const known = (await store.ledger.filesBySha256(sha256)).find((file) => standing.includes(file.state));
  if (known !== undefined) {
    await store.blobs.delete(rawBlob(id));
    return { is: 'known', file: known };
  }
  const receivedAt = parts.clock.now().toISOString();
  const file = receivedFile({ id, name: source.name, source: source.source, receivedAt, sha256, bytes });
  await writeBatch(store, parts.clock, () => [{ op: 'file', tenant: store.tenant, file }]);
  return { is: 'new', file };
}

async function* watched(bytes: AsyncIterable<Uint8Array>, watch: { take(piece: Uint8Array): void }) {
  for await (const piece of bytes) {
    watch.take(piece);
    yield piece;
  }
}

/** A file that is not the tenant's: its name, size and hash go on the ledger, its bytes are not kept. */
export async function refuse(parts: IngestParts, store: TenantStore, source: Source, reason: string): Promise<FileRow> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of source.open()) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const receivedAt = parts.clock.now().toISOString();
  const about = { id: source.id ?? randomId(), name: source.name, source: source.source, receivedAt, bytes };
  const row = receivedFile({ ...about, sha256: hash.digest('hex') });
  const file: FileRow = { ...row, state: 'rejected', reason, finishedAt: receivedAt };
  await writeBatch(store, parts.clock, (at) => [
    { op: 'file', tenant: store.tenant, file },
    ...fileStateEvents(store.tenant, file, row.state, at),
  ]);
  return file;
}
