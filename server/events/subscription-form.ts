import { Ajv, type ErrorObject } from 'ajv';
import { ownExtensionUrls } from '../auth/subscription-owner.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { ownSchema } from '../core/own-schema.ts';
import type { Extension, SubscriptionResource } from './subscription-resource.ts';

const extensions = {
  type: 'array',
  maxItems: 50,
  items: { type: 'object', required: ['url'], properties: { url: { type: 'string' } } },
} as const;
const withExtensions = {
  type: 'object',
  additionalProperties: false,
  properties: { id: { type: 'string' }, extension: extensions },
} as const;
const line = { type: 'string', minLength: 1, maxLength: limits.endpointCharactersMax } as const;

/** R4 Subscription as far as it is offered: elements that mean something else elsewhere are refused, not ignored. */
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['resourceType', 'status', 'reason', 'criteria', 'channel'],
  properties: {
    resourceType: { const: 'Subscription' },
    id: { type: 'string' },
    meta: { type: 'object' },
    language: { type: 'string' },
    text: { type: 'object' },
    extension: extensions,
    status: { enum: ['requested', 'active', 'error', 'off'] },
    contact: { type: 'array', maxItems: 10, items: { type: 'object' } },
    end: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$' },
    reason: line,
    criteria: line,
    _criteria: withExtensions,
    error: { type: 'string' },
    channel: {
      type: 'object',
      additionalProperties: false,
      required: ['type'],
      properties: {
        id: { type: 'string' },
        extension: extensions,
        type: { enum: ['rest-hook', 'websocket', 'email', 'sms', 'message'] },
        _type: withExtensions,
        endpoint: line,
        payload: line,
        _payload: withExtensions,
        header: { type: 'array', items: { type: 'string', maxLength: 1200 } },
      },
    },
  },
} as const;

const validate = new Ajv({
  allErrors: true,
  strictTypes: false,
  ...ownSchema,
}).compile<SubscriptionResource>(schema);

/** Reads what a client sent. Throws `invalid` for what is no Subscription, `unprocessable` for what is not offered. */
export function readForm(body: unknown): SubscriptionResource {
  if (validate(body)) {
    if (body.end === undefined || !Number.isNaN(Date.parse(body.end))) return body;
    throw new AppError('invalid', 'Subscription.end is no instant', { expression: 'Subscription.end' });
  }
  const [first, ...others] = (validate.errors ?? []).map(problem);
  throw new AppError(first?.code ?? 'invalid', first?.message ?? 'this is no Subscription', {
    ...(first?.expression === undefined ? {} : { expression: first.expression }),
    others,
  });
}

function problem({ keyword, instancePath, params, message }: ErrorObject): AppError {
  const place = `Subscription${instancePath.replaceAll('/', '.')}`;
  if (keyword === 'additionalProperties') {
    const expression = `${place}.${String(params['additionalProperty']).slice(0, 64)}`;
    return new AppError('unprocessable', `${expression} is not offered`, { expression });
  }
  return new AppError('invalid', `${place} ${message ?? 'is wrong'}`, { expression: place });
}

/** What the server adds to what a client sent. */
export interface ServerPart {
  readonly id: string;
  readonly status: SubscriptionResource['status'];
  readonly error: string | undefined;
  readonly owner: string;
  readonly signature: Signature;
}

/** Which of its signing secrets a subscription is at. */
export interface Signature {
  readonly generation: number;
  /** ISO 8601 UTC; the one before is good for some hours more. */
  readonly since: string;
}

/** A Subscription as it is stored, but for `meta.versionId` and `meta.lastUpdated`, which its version brings. */
export type StoredForm = SubscriptionResource & {
  readonly id: string;
  readonly meta: Readonly<Record<string, unknown>>;
};

/** Throws `unprocessable` for extensions of the resource that are not ours. */
export function storedForm(sent: SubscriptionResource, part: ServerPart, canonicalBase: string): StoredForm {
  const { resourceType, id: _id, meta = {}, extension = [], status: _status, error: _error, ...rest } = sent;
  const urls = ownExtensionUrls(canonicalBase);
  const own: readonly Extension[] = [
    { url: urls.owner, valueString: part.owner },
    {
      url: urls.signature,
      extension: [
        { url: 'generation', valuePositiveInt: part.signature.generation },
        { url: 'since', valueInstant: part.signature.since },
      ],
    },
  ];
  if (extension.some(({ url }) => !own.some((one) => one.url === url))) {
    throw new AppError('unprocessable', 'an extension is unknown', { expression: 'Subscription.extension' });
  }
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...kept } = meta;
  const error = part.error === undefined ? {} : { error: part.error };
  return {
    resourceType,
    id: part.id,
    meta: kept,
    extension: own,
    status: part.status,
    ...rest,
    ...error,
  } as StoredForm;
}

/** The server's part of a stored Subscription. */
export function signatureOf(form: SubscriptionResource, canonicalBase: string): Signature {
  const { signature } = ownExtensionUrls(canonicalBase);
  const parts = form.extension?.find(({ url }) => url === signature)?.extension ?? [];
  const generation = parts.find(({ url }) => url === 'generation')?.['valuePositiveInt'];
  const since = parts.find(({ url }) => url === 'since')?.['valueInstant'];
  return { generation: Number(generation ?? 1), since: String(since ?? new Date(0).toISOString()) };
}
