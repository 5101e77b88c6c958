import { limits } from '../../core/limits.ts';
import { peekGo2Header } from '../formats/go2/read.ts';
import type { Source } from '../parts.ts';
import { gunzip } from './gunzip.ts';
import { archiveKind, firstBytes } from './magic.ts';

/**
 * Sources in the order in which they are to be ingested (meaning.md, Files): GO2 files of one VPD and interface by
 * their header's sequence number, whatever their names; then all others, zip archives too, as they were given. (What
 * comes too early all the same is held by the ledger until its turn.)
 */
export async function inSequence<T extends Source>(sources: readonly T[]): Promise<readonly T[]> {
  const placed = [];
  for (const source of sources) placed.push({ source, ...(await placeOf(source)) });
  return placed.sort((a, b) => compare(a.series, b.series) || a.sequence - b.sequence).map(({ source }) => source);
}

/** Sorts after every series of digits. */
const noSeries = '~';

async function placeOf(source: Source): Promise<{ readonly series: string; readonly sequence: number }> {
  const peeked = peekGo2Header(await beginning(source));
  if (!peeked.ok) return { series: noSeries, sequence: 0 };
  const { vpd, subtype, sequence } = peeked.header;
  return { series: `${vpd} ${subtype}`, sequence };
}

/** Of gzip data the plain ones; what cannot be unpacked is refused later, with its reason. */
async function beginning(source: Source): Promise<Buffer> {
  const bytes = await firstBytes(source.open(), limits.lineBytesMax);
  if (archiveKind(bytes) !== 'gzip') return bytes;
  return firstBytes(gunzip(source.open()), limits.lineBytesMax).catch(() => bytes);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
