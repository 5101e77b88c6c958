/** The archive that these first bytes begin, if any. No ESR file begins like this: both hold control characters. */
export function archiveKind(first: Uint8Array): 'zip' | 'gzip' | undefined {
  const [a, b, c, d] = first;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  const zip = a === 0x50 && b === 0x4b && ((c === 3 && d === 4) || (c === 5 && d === 6));
  return zip ? 'zip' : undefined;
}

/** The first bytes of a stream, at most `max`; the rest is left unread. */
export async function firstBytes(bytes: AsyncIterable<Uint8Array>, max: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size >= max) break;
  }
  return Buffer.concat(parts).subarray(0, max);
}
