import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { limits } from '../core/limits.ts';

const formType = /^application\/x-www-form-urlencoded\b/i;

/**
 * The form of a request whose body nobody has read; undefined where it is no form or longer than `limits.formBytesMax`.
 * What was read can be given back with `replaceBody`.
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!formType.test(request.headers['content-type'] ?? '')) return undefined;
  const bytes = await readBody(request, limits.formBytesMax);
  return bytes === undefined ? undefined : new URLSearchParams(bytes.toString('utf8'));
}

/** The body; undefined where it has more than `bytesMax`: the rest of it is left unread. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Lets the library read `form` where the body was: it takes a stream, and nothing that others have parsed. */
export function replaceBody(request: IncomingMessage, form: URLSearchParams): void {
  const bytes = Buffer.from(form.toString());
  const body = Readable.from([bytes]);
  request.headers['content-length'] = String(bytes.length);
  Object.defineProperties(request, {
    readable: { value: true },
    iterator: { value: (options: { destroyOnReturn?: boolean }) => body.iterator(options) },
  });
}
