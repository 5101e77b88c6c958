import { type FileHandle, lstat, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../core/limits.ts';
import { archiveKind } from './magic.ts';

/** The folders of one tenant's drop folder (interface.md, Files in). */
export interface DropPlace {
  readonly inbox: string;
  /** What was picked up and is being ingested: private, on the same file system, so that a rename takes it whole. */
  readonly taken: string;
  readonly done: string;
  readonly refused: string;
}

/** @param root the folder `drop` of the data folder */
export function dropPlace(root: string, tenant: string): DropPlace {
  const inbox = join(root, tenant);
  return { inbox, taken: join(inbox, '.taken'), done: join(inbox, 'done'), refused: join(inbox, 'refused') };
}

export async function makeDropPlace({ taken, done, refused }: DropPlace): Promise<void> {
  for (const folder of [taken, done, refused]) await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** A file that lies in the inbox; two equal looks say that nobody writes it any more. */
export interface Dropped {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Names under which a transfer writes: ESR's own `._TXFR`, and what clients make of a file that is not there yet. */
const unfinishedName = /(?:^\.|\._TXFR$|\.(?:tmp|part|filepart|crdownload)$)/i;

/** Plain files of the inbox, by name; links and folders are left alone. Empty where there is no inbox yet. */
export async function lookInto({ inbox }: DropPlace): Promise<readonly Dropped[]> {
  const found: Dropped[] = [];
  for (const name of (await readdir(inbox).catch(() => [])).sort()) {
    if (unfinishedName.test(name)) continue;
    const stat = await lstat(join(inbox, name)).catch(() => undefined);
    if (stat?.isFile()) found.push({ name, bytes: stat.size, modifiedMs: stat.mtimeMs });
  }
  return found;
}

/** Names in `.taken`, in the order in which the files were last written. */
export async function takenNames({ taken }: DropPlace): Promise<readonly string[]> {
  const found: { readonly name: string; readonly modifiedMs: number }[] = [];
  for (const name of await readdir(taken).catch(() => [])) {
    const stat = await lstat(join(taken, name)).catch(() => undefined);
    if (stat !== undefined) found.push({ name, modifiedMs: stat.mtimeMs });
  }
  return found.sort((a, b) => a.modifiedMs - b.modifiedMs || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
}

export function sameLook(one: Dropped, other: Dropped | undefined): boolean {
  return one.bytes === other?.bytes && one.modifiedMs === other.modifiedMs;
}

const tailBytes = 66_000;

/**
 * Does the file have its end? A GO2 file ends with its trailer and a zip archive with its directory; a file without
 * stays for `limits.dropUnfinishedMs` after its last change, as somebody may still be writing, and is then taken (and
 * refused). Of other files nobody can tell.
 */
export async function hasItsEnd(place: DropPlace, file: Dropped, now: Date): Promise<boolean> {
  if (now.getTime() - file.modifiedMs > limits.dropUnfinishedMs) return true;
  if (file.bytes === 0) return false;
  const handle = await open(join(place.inbox, file.name), 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const head = await bytesAt(handle, 0, 4);
    const tail = await bytesAt(handle, Math.max(0, file.bytes - tailBytes), tailBytes);
    if (archiveKind(head) === 'zip') return tail.includes('PK\u0005\u0006', 0, 'latin1');
    return !head.toString('latin1').startsWith('HDR') || /(?:^|\n)TRL[^\n]*\s*$/.test(tail.toString('latin1'));
  } finally {
    await handle.close();
  }
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(length), position });
  return buffer.subarray(0, bytesRead);
}
