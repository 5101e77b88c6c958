import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { statedReason } from '../ingest/steward/decision.ts';

/** The reason that a decision's body, `{"reason": "…"}`, gives; throws `invalid` or `too-large`. */
export async function reasonOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size > limits.bodyBytesMax) throw new AppError('too-large', `a body has at most ${limits.bodyBytesMax} bytes`);
  }
  return statedReason(member(Buffer.concat(parts).toString('utf8')));
}

function member(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'reason' in body ? body.reason : undefined;
  } catch {
    throw new AppError('invalid', 'the body is not JSON');
  }
}
