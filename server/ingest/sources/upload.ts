import { writeBatch } from '../../commit/write-batch.ts';
import { AppError } from '../../core/error.ts';
import { randomId } from '../../core/id.ts';
import { limits } from '../../core/limits.ts';
import type { FileRow, TenantStore } from '../../store/port.ts';
import type { Tenant } from '../../tenancy/tenant.ts';
import { identify } from '../identify.ts';
import { rawBlob, receivedFile } from '../ledger.ts';
import type { IngestParts } from '../parts.ts';
import { peekVpd } from '../peek.ts';
import { gunzip } from './gunzip.ts';
import { archiveKind, firstBytes } from './magic.ts';

export interface Upload {
  readonly name: string;
  /** Who brings it, for the ledger. */
  readonly source: string;
  /** Read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface TakenUpload {
  readonly file: FileRow;
  /** These bytes are on the ledger already: nothing was done. */
  readonly known: boolean;
}

/**
 * Keeps an uploaded file, encrypted, and opens its ledger row; `resumeFiles` ingests it. Gzip data are unpacked on the
 * way, a zip archive by the ingest. A file of another tenant is on the ledger as rejected, its bytes are not kept.
 * Constant memory. Throws `invalid` for damaged gzip data and `too-large` past `limits.uploadBytesMax`.
 */
export async function takeUpload(
  parts: IngestParts,
  tenant: Tenant,
  store: TenantStore,
  { name, source, bytes }: Upload,
): Promise<TakenUpload> {
  const id = randomId();
  const blob = rawBlob(id);
  const gzip = { is: false };
  const kept = await store.blobs.put(blob, plain(bounded(bytes), gzip));
  const known = (await store.ledger.filesBySha256(kept.sha256)).find((file) => standing.includes(file.state));
  if (known !== undefined) {
    await store.blobs.delete(blob);
    return { file: known, known: true };
  }
  const receivedAt = parts.clock.now().toISOString();
  const own = gzip.is ? name.replace(/\.gz(?:ip)?$/i, '') : name;
  const row = receivedFile({ id, name: own, source, receivedAt, ...kept });
  const open = () => store.blobs.get(blob);
  const kind = archiveKind(await firstBytes(open(), 4));
  const refusal =
    gzip.is && kind !== undefined
      ? 'the archive holds another archive'
      : identify(
          kind === 'zip' ? undefined : await peekVpd({ name, source, open }, parts.csvProfiles(tenant)),
          tenant.id,
          [tenant],
        ).refusal;
  const file: FileRow =
    refusal !== null
      ? { ...row, state: 'rejected', reason: refusal, finishedAt: receivedAt }
      : { ...row, format: kind === 'zip' ? 'zip' : row.format };
  if (refusal !== null) await store.blobs.delete(blob);
  await writeBatch(store, parts.clock, () => [{ op: 'file', tenant: store.tenant, file }]);
  return { file, known: false };
}

const standing = ['applied', 'held', 'applying', 'received'];

async function* bounded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > limits.uploadBytesMax) {
      throw new AppError('too-large', `an uploaded file has at most ${limits.uploadBytesMax} bytes`);
    }
    yield chunk;
  }
}

/** The same bytes or, of gzip data, the plain ones; `gzip` tells which it was. */
async function* plain(bytes: AsyncGenerator<Uint8Array>, gzip: { is: boolean }): AsyncGenerator<Uint8Array> {
  const head: Uint8Array[] = [];
  let size = 0;
  while (size < 4) {
    const { value, done } = await bytes.next();
    if (done === true) break;
    head.push(value);
    size += value.length;
  }
  const whole = rejoined(head, bytes);
  gzip.is = archiveKind(Buffer.concat(head)) === 'gzip';
  yield* gzip.is ? gunzip(whole) : whole;
}

async function* rejoined(head: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* rest;
}
