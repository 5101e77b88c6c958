import { crc32 } from 'node:zlib';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { AppError } from '../../core/error.ts';
import { limits } from '../../core/limits.ts';
import { checkGrowth } from './gunzip.ts';
import { archiveKind } from './magic.ts';

/** A file inside a zip archive; its bytes can be read more than once. */
export interface ZipMember {
  /** Without the folders inside the archive. */
  readonly name: string;
  open(): AsyncIterable<Uint8Array>;
}

/**
 * The files of a zip archive (APPNOTE 6.3), each of them read once and checked whole before any is given out. Folders
 * and what Macintosh computers add are passed over. Throws `invalid` for an archive that is damaged, encrypted, empty
 * or holds archives, `too-large` past `limits.archiveMembersMax`, `archiveRatioMax` or `unpackedBytesMax`.
 */
export async function unzip(archive: Buffer): Promise<readonly ZipMember[]> {
  const zip = await openZip(archive);
  const entries: Entry[] = [];
  let plainBytes = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      if (isNoise(entry.fileName)) continue;
      check(entry);
      entries.push(entry);
      plainBytes += entry.uncompressedSize;
      checkGrowth(archive.length, plainBytes);
      if (entries.length > limits.archiveMembersMax) {
        throw new AppError('too-large', `the archive holds more than ${limits.archiveMembersMax} files`);
      }
    }
  } catch (error) {
    throw asFault(error);
  }
  if (entries.length === 0) throw new AppError('invalid', 'the archive holds no file');
  for (const entry of entries) await verify(zip, entry);
  return entries.map((entry) => ({ name: baseName(entry.fileName), open: () => read(zip, entry) }));
}

async function openZip(archive: Buffer): Promise<ZipFile> {
  try {
    return await yauzl.fromBufferPromise(archive, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw asFault(error);
  }
}

function check(entry: Entry): void {
  if (entry.isEncrypted()) throw new AppError('invalid', 'the archive is encrypted: nobody here has its password');
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    throw new AppError('invalid', 'the archive uses a compression other than deflate');
  }
  checkGrowth(entry.compressedSize, entry.uncompressedSize);
}

/** Reads a member to its end: size (by the library), checksum, and that it is no archive itself. */
async function verify(zip: ZipFile, entry: Entry): Promise<void> {
  let sum = 0;
  let first = Buffer.alloc(0);
  for await (const chunk of read(zip, entry)) {
    sum = crc32(chunk, sum);
    if (first.length < 4) first = Buffer.concat([first, chunk.subarray(0, 4)]);
  }
  if (sum !== entry.crc32) throw new AppError('invalid', 'the archive is damaged: a checksum is wrong');
  if (archiveKind(first) !== undefined) throw new AppError('invalid', 'the archive holds another archive');
}

async function* read(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) yield chunk as Buffer;
  } catch (error) {
    throw asFault(error);
  }
}

/** The library's sentences name members, which may name people. */
function asFault(error: unknown): Error {
  return error instanceof AppError ? error : new AppError('invalid', 'the zip archive is damaged or cut off');
}

function isNoise(name: string): boolean {
  return name.endsWith('/') || name.startsWith('__MACOSX/') || baseName(name).startsWith('.');
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
