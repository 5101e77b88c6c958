import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { Context, Interaction, InteractionRequest } from './context.ts';

const notThese: ReadonlySet<string> = new Set(['after', 'topic', 'count', 'wait', '_format']);

/** What a request for events asks for; the same of a batch and of a stream. */
export interface EventQuestion {
  readonly after: string | undefined;
  readonly topics: readonly string[] | undefined;
  readonly count: number;
  readonly waitMs: number;
}

/** Throws `unknown-parameter` and `invalid`. */
export function eventQuestion({ query }: InteractionRequest): EventQuestion {
  const given = new URLSearchParams(query);
  const unknown = [...given.keys()].find((name) => !notThese.has(name));
  if (unknown !== undefined)
    throw new AppError('unknown-parameter', 'events are asked for by after, topic, count, wait');
  const topics = given.getAll('topic').flatMap((value) => value.split(','));
  return {
    after: given.get('after') ?? undefined,
    topics: topics.length === 0 ? undefined : topics,
    count: whole(given, 'count', limits.eventsPerBatchDefault, 1, limits.eventsPerBatchMax),
    waitMs: whole(given, 'wait', 0, 0, limits.eventsWaitSecondsMax) * 1000,
  };
}

function whole(given: URLSearchParams, name: string, otherwise: number, min: number, max: number): number {
  const text = given.get(name);
  if (text === null) return otherwise;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new AppError('invalid', `${name} is a whole number from ${min} to ${max}`, { expression: name });
}

/**
 * A batch of CloudEvents (JSON Event Format 1.0.2, 4: https://github.com/cloudevents/spec) after a cursor, in commit
 * order. The link `next` goes on behind it, also where nothing was there for this client; `wait`: seconds to stay until
 * something is.
 */
export const eventBatch: Interaction = async (context, request) => {
  const question = eventQuestion(request);
  const { events: feed } = context.service;
  let page = await feed.read(context, question);
  if (page.events.length === 0 && !page.more && question.waitMs > 0) page = await waited(context, question, page.next);
  const url = `${context.service.publicUrl()}/t/${context.tenant}/events/${context.contract}`;
  const topic = question.topics === undefined ? '' : `&topic=${question.topics.join(',')}`;
  const headers = { link: `<${url}?after=${page.next}&count=${question.count}${topic}>; rel="next"` };
  const body = Buffer.from(`[${page.events.map((event) => event.body).join(',')}]`);
  return { status: 200, headers, body, disclosed: [...new Set(page.events.flatMap(({ disclosed }) => disclosed))] };
};

/** What happens within the time; events that this client may not have do not end the wait. */
async function waited(context: Context, question: EventQuestion, from: string) {
  const { events: feed } = context.service;
  const endMs = performance.now() + question.waitMs;
  const never = new AbortController().signal;
  for (let after = from; ; ) {
    await feed.happened(context, after, Math.max(0, endMs - performance.now()), never);
    const now = await context.again();
    if (now === undefined) throw new AppError('forbidden', 'the token has ended meanwhile');
    const page = await feed.read(now, { ...question, after });
    if (page.events.length > 0 || page.more || performance.now() >= endMs) return page;
    after = page.next;
  }
}
