import { limits } from '../core/limits.ts';
import { peekGo2Header } from './formats/go2/read.ts';
import type { Source } from './parts.ts';

/** The VPD of the file's header; undefined where its beginning is no header that can be read. */
export async function peekVpd(source: Source): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source.open()) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= limits.lineBytesMax) break;
  }
  const peeked = peekGo2Header(Buffer.concat(parts).subarray(0, limits.lineBytesMax));
  return peeked.ok ? peeked.header.vpd : undefined;
}
