import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { Interaction, InteractionRequest } from './context.ts';
import { jsonOf } from './subscription-write.ts';

/** `Subscription/$status` and `Subscription/{id}/$status`, which takes no notice of parameters. */
export const subscriptionStatus: Interaction = async (context, request) => {
  const given = parametersOf(request);
  const all = (name: string) => given.filter((pair) => pair.name === name).flatMap(({ value }) => value.split(','));
  const ids = all('id').map((id) => id.replace(/^Subscription\//, ''));
  if (ids.length > limits.searchValuesPerParameterMax) throw new AppError('invalid', 'too many ids are asked for');
  const id = request.id === '' ? undefined : request.id;
  const answer = await context.service.subscriptions.status(context, id, { ids, statuses: all('status') });
  return { status: 200, headers: {}, ...answer };
};

/** `Subscription/{id}/$events`: what was, or will be, told, by number. */
export const subscriptionEvents: Interaction = async (context, request) => {
  const given = parametersOf(request);
  const one = (name: string) => given.find((pair) => pair.name === name)?.value;
  const number = (name: string) => {
    const value = one(name);
    if (value === undefined) return undefined;
    if (/^\d{1,15}$/.test(value)) return Number(value);
    throw new AppError('invalid', `${name} is a whole number`, { expression: name });
  };
  const range = { since: number('eventsSinceNumber'), until: number('eventsUntilNumber') };
  const question = { ...range, content: one('content') };
  const answer = await context.service.subscriptions.events(context, request.id, question);
  return { status: 200, headers: {}, ...answer };
};

/** What signatures are checked with (Standard Webhooks). Ours: FHIR has no operation for it. */
export const webhookSecret: Interaction = async (context, { id }) => ({
  ...{ status: 200, headers: { 'cache-control': 'no-store' } },
  ...(await context.service.subscriptions.secret(context, id)),
});

/** A new secret, which is answered with; the one before stays good for a day. */
export const rotateWebhookSecret: Interaction = async (context, request) => {
  await context.service.subscriptions.rotate(context, request.id);
  return webhookSecret(context, request);
};

/** `$get-ws-binding-token` of one subscription or, without an id, of those that the parameter `id` names. */
export const bindingToken: Interaction = async (context, request) => {
  const named = parametersOf(request)
    .filter(({ name }) => name === 'id')
    .flatMap(({ value }) => value.split(','))
    .map((id) => id.replace(/^Subscription\//, ''));
  const ids = request.id === '' ? [...new Set(named)] : [request.id];
  const answer = await context.service.subscriptions.binding(context, ids);
  return { status: 200, headers: { 'cache-control': 'no-store' }, ...answer };
};

interface Given {
  readonly name: string;
  readonly value: string;
}

/** Of an operation: in the URL of a GET, in the Parameters resource of a POST. */
function parametersOf(request: InteractionRequest): readonly Given[] {
  if (request.body.length === 0) {
    return [...new URLSearchParams(request.query)].map(([name, value]) => ({ name, value }));
  }
  const { parameter } = jsonOf(request) as { readonly parameter?: unknown };
  if (parameter === undefined) return [];
  if (!Array.isArray(parameter)) throw new AppError('invalid', 'the body is no Parameters resource');
  return (parameter as Readonly<Record<string, unknown>>[]).flatMap((part) => {
    const [, value] = Object.entries(part ?? {}).find(([key]) => key.startsWith('value')) ?? [];
    return typeof part?.['name'] === 'string' && value !== undefined
      ? [{ name: part['name'], value: String(value) }]
      : [];
  });
}
