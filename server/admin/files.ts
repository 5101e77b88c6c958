import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { takeUpload } from '../ingest/sources/upload.ts';
import { discardFile, heldFile, releaseFile } from '../ingest/steward/file-decision.ts';
import type { FileRow } from '../store/port.ts';
import { actorOf } from './actor.ts';
import { reasonOf } from './body.ts';
import { page } from './page.ts';
import type { AdminAnswer, AdminContext, AdminRequest } from './route.ts';

/** A ledger row as the management API shows it. */
function fileDocument(file: FileRow, tenant: string) {
  const { checkpoint: _, reason, ...rest } = file;
  return { ...rest, tenant, ...(reason === null ? {} : { reason }) };
}

export async function listFiles({ stewardship }: AdminContext, { query }: AdminRequest): Promise<AdminAnswer> {
  const { store, tenant } = stewardship;
  const state = query.get('state');
  const files = (await store.ledger.files()).filter((file) => state === null || file.state === state);
  const { rows, next } = page(files, query);
  return { status: 200, body: { files: rows.map((file) => fileDocument(file, tenant.id)), ...(next && { next }) } };
}

export async function readFile({ stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  const file = await stewardship.store.ledger.file(id);
  if (file === undefined) throw new AppError('not-found', 'there is no such file');
  return { status: 200, id, body: fileDocument(file, stewardship.tenant.id) };
}

/** Takes the body as a file; ingesting it is background work, whose outcome the file's own address tells. */
export async function uploadFile(context: AdminContext, { query, body }: AdminRequest): Promise<AdminAnswer> {
  const { deps, access, stewardship } = context;
  const { parts, tenant, store } = stewardship;
  const upload = { name: fileName(query.get('name')), source: `upload by ${actorOf(access)}`, bytes: body };
  const { file, known } = await takeUpload(parts, tenant, store, upload);
  if (!known && file.state === 'received') deps.requestWork(tenant.id);
  const { id, name, sha256, bytes, state, reason } = file;
  const why = known ? `these bytes are on the ledger already, as ${name}` : reason;
  const document = { id, name, tenant: tenant.id, state, sha256, bytes, ...(why === null ? {} : { reason: why }) };
  return { status: 202, id, body: document };
}

/** A name for people; nothing is ever stored under it on a disk. */
function fileName(text: string | null): string {
  const name = text?.split(/[\\/]/).pop()?.trim() ?? '';
  if (name === '' || name.length > limits.fileNameCharactersMax || /\p{Cc}/u.test(name)) {
    throw new AppError('invalid', `say the file's name: ?name=…, at most ${limits.fileNameCharactersMax} characters`);
  }
  return name;
}

export async function previewHeldFile({ deps, stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  await heldFile(stewardship.store, id);
  return { status: 200, id, body: await deps.preview(stewardship.tenant.id, id) };
}

export async function releaseHeldFile(context: AdminContext, { id, body }: AdminRequest): Promise<AdminAnswer> {
  const { deps, access, stewardship, correlationId } = context;
  const reason = await reasonOf(body);
  const file = await releaseFile(stewardship, id, { actor: actorOf(access), reason, correlationId });
  deps.requestWork(stewardship.tenant.id);
  return { status: 202, id, reason, body: fileDocument(file, stewardship.tenant.id) };
}

export async function discardHeldFile(context: AdminContext, { id, body }: AdminRequest): Promise<AdminAnswer> {
  const { access, stewardship, correlationId } = context;
  const reason = await reasonOf(body);
  const file = await discardFile(stewardship, id, { actor: actorOf(access), reason, correlationId });
  return { status: 200, id, reason, body: fileDocument(file, stewardship.tenant.id) };
}
