import type { ServerResponse } from 'node:http';
import { limits } from '../core/limits.ts';
import type { InteractionResponse } from '../interaction/context.ts';
import type { StepParts } from './steps.ts';

/**
 * Sends what follows an answer, a part at a time: the next one is asked for when the socket has taken the last, so that
 * a slow reader costs one part of memory; one that takes nothing for `streamStalledMs` is cut off, and comes again with
 * its cursor. What is told of anybody is recorded before it leaves. Never rejects.
 */
export async function streamed(
  stream: NonNullable<InteractionResponse['stream']>,
  to: ServerResponse,
  record: (disclosed: readonly string[]) => Promise<void>,
  { deps, stopping }: { readonly deps: Pick<StepParts['deps'], 'logger'>; readonly stopping: AbortSignal },
): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  to.once('close', end);
  stopping.addEventListener('abort', end, { once: true });
  if (to.destroyed || stopping.aborted) end();
  try {
    for await (const { text, disclosed } of stream(ended.signal)) {
      if (ended.signal.aborted) break;
      if (disclosed !== undefined) await record(disclosed);
      if (!to.write(text) && !(await drained(to, ended.signal))) {
        to.destroy();
        break;
      }
    }
    to.end();
  } catch (thrown) {
    // The head has been sent: to cut it off is the only way to say that it failed.
    deps.logger.error('a stream failed', { why: thrown instanceof Error ? thrown.message : String(thrown) });
    to.destroy();
  } finally {
    stopping.removeEventListener('abort', end);
  }
}

/** False where the reader takes too long, or is gone. */
function drained(to: ServerResponse, ended: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (good: boolean) => {
      clearTimeout(timer);
      to.off('drain', taken);
      ended.removeEventListener('abort', gone);
      resolve(good);
    };
    const taken = () => done(true);
    const gone = () => done(false);
    const timer = setTimeout(gone, limits.streamStalledMs);
    to.once('drain', taken);
    ended.addEventListener('abort', gone, { once: true });
    if (ended.aborted) gone();
  });
}
