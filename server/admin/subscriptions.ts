import { AppError } from '../core/error.ts';
import type { SubscriptionOperator } from '../events/operator.ts';
import type { AdminAnswer, AdminContext, AdminRequest, AdminRoute } from './route.ts';
import { count, instant, list, object, text } from './schema.ts';

function operatorOf({ deps, stewardship }: AdminContext): SubscriptionOperator {
  return deps.subscriptions(stewardship.store, stewardship.tenant.contracts);
}

async function listSubscriptions(context: AdminContext): Promise<AdminAnswer> {
  return { status: 200, body: { subscriptions: await operatorOf(context).list() } };
}

async function readSubscription(context: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  return { status: 200, id, body: await operatorOf(context).get(id) };
}

async function listDeadLetters(context: AdminContext): Promise<AdminAnswer> {
  return { status: 200, body: { dead_letters: await operatorOf(context).deadLetters() } };
}

async function replay(context: AdminContext, { id, json }: AdminRequest): Promise<AdminAnswer> {
  const { from, since } = json as { readonly from?: number; readonly since?: string };
  if ((from === undefined) === (since === undefined)) throw new AppError('invalid', 'name one of from and since');
  const range = await operatorOf(context).replay(id, { from, since });
  return { status: 202, id, body: { subscription: id, ...range } };
}

function asked(name: 'pause' | 'resume' | 'test') {
  return async (context: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> => {
    await operatorOf(context)[name](id);
    return { status: 202, id, body: { subscription: id, asked: name } };
  };
}

const subscriptions = 'tenants/{tenant}/subscriptions';
const one = `${subscriptions}/{id}`;
const textOrNull = { type: ['string', 'null'] } as const;
const countOrNull = { type: ['integer', 'null'] } as const;

const state = object({
  ...{ id: text, contract: text, client: text, status: { enum: ['requested', 'active', 'error', 'off'] } },
  ...{ error: textOrNull, criteria: text, channel: text, endpoint: textOrNull, events: count, delivered: count },
  ...{ lag: count, waitingSince: textOrNull, paused: textOrNull, failing: { type: ['object', 'null'] } },
  heardAt: textOrNull,
});
const attempt = object({
  ...{ id: text, subscription: text, kind: { enum: ['handshake', 'heartbeat', 'event-notification'] } },
  ...{ from: count, to: count, at: instant, status: countOrNull, error: textOrNull, bytes: count, sha256: text },
  milliseconds: count,
});
const letter = object({
  ...{ subscription: text, from: count, to: count, status: countOrNull, error: text, attempts: count },
  ...{ firstAt: instant, lastAt: instant },
});
const request = object({ subscription: text, asked: text });
const accepted = (description: string) => ({ status: 202, description, schema: request }) as const;

/** Delivery, for those who keep it running: what waits, what failed, and what to do about it. */
export const subscriptionRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: subscriptions, operation: 'list-subscriptions', scope: 'admin/subscriptions.read' },
    summary: 'Every subscription: whose it is, how far it is, how much waits and since when, what failed.',
    parameters: [],
    answer: { status: 200, description: 'subscriptions', schema: object({ subscriptions: list(state) }) },
    run: listSubscriptions,
  },
  {
    ...{ method: 'GET', path: one, operation: 'read-subscription', scope: 'admin/subscriptions.read' },
    summary: 'One subscription and its last attempts.',
    parameters: [],
    answer: { status: 200, description: 'it', schema: object({ subscription: state, attempts: list(attempt) }) },
    run: readSubscription,
  },
  {
    ...{ method: 'GET', path: 'tenants/{tenant}/dead-letters', operation: 'list-dead-letters' },
    ...{ scope: 'admin/subscriptions.read', parameters: [], run: listDeadLetters },
    summary: 'Events that nobody took, and that nobody tries to deliver any more.',
    answer: { status: 200, description: 'dead letters', schema: object({ dead_letters: list(letter) }) },
  },
  {
    ...{ method: 'POST', path: `${one}/replay`, operation: 'replay-subscription', scope: 'admin/subscriptions.write' },
    summary: 'Sends events once more, from a number or a time on, under the numbers that they have.',
    parameters: [],
    body: object({ from: { type: 'integer', minimum: 1 }, since: instant }, 'from', 'since'),
    answer: {
      status: 202,
      description: 'the numbers that will be sent',
      schema: object({ subscription: text, from: count, to: count }),
    },
    run: replay,
  },
  {
    ...{ method: 'POST', path: `${one}/pause`, operation: 'pause-subscription', scope: 'admin/subscriptions.write' },
    summary: 'Nothing is sent until it is resumed; events are counted and wait.',
    ...{ parameters: [], answer: accepted('it will be paused within a second'), run: asked('pause') },
  },
  {
    ...{ method: 'POST', path: `${one}/resume`, operation: 'resume-subscription', scope: 'admin/subscriptions.write' },
    summary: 'Goes on where it was paused.',
    ...{ parameters: [], answer: accepted('what waits will be sent'), run: asked('resume') },
  },
  {
    ...{ method: 'POST', path: `${one}/test`, operation: 'test-subscription', scope: 'admin/subscriptions.write' },
    summary: 'Sends its endpoint a notification that tells of nothing; what came of it is among its attempts.',
    ...{ parameters: [], answer: accepted('it is on its way'), run: asked('test') },
  },
];
