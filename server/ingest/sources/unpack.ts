import { AppError } from '../../core/error.ts';
import { derivedId } from '../../core/id.ts';
import { limits } from '../../core/limits.ts';
import type { Source } from '../parts.ts';
import { gunzip } from './gunzip.ts';
import { inSequence } from './in-sequence.ts';
import { archiveKind, firstBytes } from './magic.ts';
import { unzip } from './unzip.ts';

/** The files that a source brings, in the order in which they are to be ingested, or why it is refused whole. */
export type Unpacked =
  | { readonly sources: readonly Source[]; readonly fault: null }
  | { readonly sources: readonly []; readonly fault: string };

/**
 * Unpacks a zip archive or gzip data, told by their first bytes; any other source is its own only file. An archive is
 * read whole and checked before any of its files is given out: of a damaged one nothing is taken.
 */
export async function unpack(source: Source): Promise<Unpacked> {
  const kind = archiveKind(await firstBytes(source.open(), 4));
  if (kind === undefined) return { sources: [source], fault: null };
  try {
    return { sources: kind === 'zip' ? await fromZip(source) : [await fromGzip(source)], fault: null };
  } catch (error) {
    if (error instanceof AppError) return { sources: [], fault: error.message };
    throw error;
  }
}

async function fromZip(source: Source): Promise<readonly Source[]> {
  const members = await unzip(await whole(source));
  const sources = members.map(({ name, open }): Source => {
    const id = source.id === undefined ? {} : { id: derivedId(source.id, name) };
    return { ...id, name, source: `${source.source} (${source.name})`, open };
  });
  return inSequence(sources);
}

/** A zip's directory stands at its end: it is read into memory, up to `limits.archiveBytesMax`. */
async function whole(source: Source): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of source.open()) {
    parts.push(part);
    size += part.length;
    if (size > limits.archiveBytesMax) {
      throw new AppError('too-large', `a zip archive has at most ${limits.archiveBytesMax} bytes`);
    }
  }
  return Buffer.concat(parts);
}

async function fromGzip(source: Source): Promise<Source> {
  const plain = { ...source, name: source.name.replace(/\.gz(?:ip)?$/i, ''), open: () => gunzip(source.open()) };
  if (archiveKind(await firstBytes(plain.open(), 4)) !== undefined) {
    throw new AppError('invalid', 'the archive holds another archive');
  }
  for await (const _ of plain.open());
  return plain;
}
