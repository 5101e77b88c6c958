import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { Context, Interaction, StreamPart } from './context.ts';
import { type EventQuestion, eventQuestion } from './event-batch.ts';

/** Streams that a client has open, by tenant and client. */
const open = new Map<string, number>();

/**
 * Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html): every event with its cursor as
 * `id`, so that a browser's `Last-Event-ID` goes on where it was; without one from now on. It ends with its token, and
 * its reader comes again with a new one.
 */
export const eventStream: Interaction = async (context, request) => {
  const question = eventQuestion(request);
  const { events: feed } = context.service;
  const last = request.header('last-event-id') ?? question.after;
  // Refused before the first byte, rather than in the middle of a stream.
  const after = last ?? (await feed.newest(context));
  await feed.read(context, { ...question, after, count: 1 });
  const key = `${context.tenant} ${context.access.clientId}`;
  if ((open.get(key) ?? 0) >= limits.streamsPerClientMax) {
    throw new AppError('throttled', `a client has at most ${limits.streamsPerClientMax} streams open`);
  }
  const stream = (ended: AbortSignal) => counted(key, events(context, question, after, ended));
  return {
    status: 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
    ...{ body: Buffer.from(': events\n\n'), disclosed: [], stream },
  };
};

async function* counted(key: string, parts: AsyncIterable<StreamPart>): AsyncGenerator<StreamPart> {
  open.set(key, (open.get(key) ?? 0) + 1);
  try {
    yield* parts;
  } finally {
    const left = (open.get(key) ?? 1) - 1;
    if (left === 0) open.delete(key);
    else open.set(key, left);
  }
}

async function* events(
  context: Context,
  question: EventQuestion,
  from: string,
  ended: AbortSignal,
): AsyncGenerator<StreamPart> {
  const { events: feed } = context.service;
  let after = from;
  let heardMs = performance.now();
  let current = context;
  while (!ended.aborted) {
    const page = await feed.read(current, { ...question, after, count: limits.streamEventsMax });
    after = page.next;
    if (page.events.length > 0) {
      const text = page.events.map(({ cursor, body }) => `id: ${cursor}\ndata: ${body}\n\n`).join('');
      heardMs = performance.now();
      yield { text, disclosed: [...new Set(page.events.flatMap(({ disclosed }) => disclosed))] };
    } else if (performance.now() - heardMs >= limits.streamHeartbeatMs) {
      heardMs = performance.now();
      // The cursor goes along, so that a reader who is told nothing need not begin from where it was.
      yield { text: `: ${after}\n\n`, disclosed: undefined };
    }
    if (!page.more) await feed.happened(current, after, limits.streamCheckMs, ended);
    const now = ended.aborted ? undefined : await current.again();
    if (now === undefined) return;
    current = now;
  }
}
