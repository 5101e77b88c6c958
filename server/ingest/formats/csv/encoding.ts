/** Encodings that CSV exports come in (esr.md 1.7). */
export type CsvEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/**
 * Says how a file's text is encoded: a byte order mark decides; without one, UTF-16 shows by the zero bytes of its
 * first line, and what is no UTF-8 anywhere is Windows-1252. Reads the file as far as it must, in constant memory.
 */
export async function detectEncoding(bytes: AsyncIterable<Uint8Array>): Promise<CsvEncoding> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of bytes) {
    let next: Uint8Array = chunk;
    if (head !== undefined) {
      head = Buffer.concat([head, chunk]);
      if (head.length < headBytes) continue;
      const wide = wideEncoding(head.subarray(0, headBytes));
      if (wide !== undefined) return wide;
      next = head;
      head = undefined;
    }
    if (!decodes(utf8, next)) return 'windows-1252';
  }
  if (head === undefined) return decodes(utf8) ? 'utf-8' : 'windows-1252';
  const whole = new TextDecoder('utf-8', { fatal: true });
  return wideEncoding(head) ?? (decodes(whole, head) && decodes(whole) ? 'utf-8' : 'windows-1252');
}

/** The encoding as the first bytes of a file suggest it; a character cut in two at their end does not count. */
export function guessEncoding(first: Uint8Array): CsvEncoding {
  const wide = wideEncoding(Buffer.from(first.subarray(0, headBytes)));
  return wide ?? (decodes(new TextDecoder('utf-8', { fatal: true }), first) ? 'utf-8' : 'windows-1252');
}

/** The file as UTF-8 without a byte order mark. A broken character becomes U+FFFD. */
export async function* toUtf8(bytes: AsyncIterable<Uint8Array>, encoding: CsvEncoding): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of bytes) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield Buffer.from(text, 'utf8');
  }
  const rest = decoder.decode();
  if (rest !== '') yield Buffer.from(rest, 'utf8');
}

const headBytes = 512;

function wideEncoding(head: Buffer): CsvEncoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return undefined;
  let even = 0;
  let odd = 0;
  for (const [at, byte] of head.entries()) {
    if (byte !== 0) continue;
    if (at % 2 === 0) even += 1;
    else odd += 1;
  }
  const half = head.length / 2;
  if (odd > half * 0.6 && even < half * 0.1) return 'utf-16le';
  return even > half * 0.6 && odd < half * 0.1 ? 'utf-16be' : undefined;
}

function decodes(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): boolean {
  try {
    if (chunk === undefined) decoder.decode();
    else decoder.decode(chunk, { stream: true });
    return true;
  } catch {
    return false;
  }
}
