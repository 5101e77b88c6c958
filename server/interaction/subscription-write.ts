import { AppError } from '../core/error.ts';
import { etag, httpDate } from '../fhir/version-headers.ts';
import type { StoredVersion } from '../store/port.ts';
import type { Interaction, InteractionRequest, InteractionResponse } from './context.ts';
import { disclosure } from './read.ts';

/** https://hl7.org/fhir/R4/http.html#create of a Subscription; the client that makes it owns it. */
export const createSubscription: Interaction = async (context, request) => {
  if (request.header('if-none-exist') !== undefined) {
    throw new AppError('unprocessable', 'subscriptions are not created conditionally');
  }
  const version = await context.service.subscriptions.create(context, jsonOf(request));
  const { status, headers, ...answer } = written(version, request, 201);
  const location = `${context.base}/Subscription/${version.id}/_history/${version.version}`;
  return { status, headers: { ...headers, location }, ...answer, created: version.id };
};

/** https://hl7.org/fhir/R4/http.html#update; an id that is not there is not made. */
export const updateSubscription: Interaction = async (context, request) => {
  const { subscriptions } = context.service;
  const ifMatch = request.header('if-match');
  return written(await subscriptions.update(context, request.id, jsonOf(request), ifMatch), request, 200);
};

/** https://hl7.org/fhir/R4/http.html#patch by JSON Patch. */
export const patchSubscription: Interaction = async (context, request) => {
  const { subscriptions } = context.service;
  const ifMatch = request.header('if-match');
  return written(await subscriptions.patch(context, request.id, jsonOf(request), ifMatch), request, 200);
};

/** https://hl7.org/fhir/R4/http.html#delete: nothing is sent any more, what waited is dropped. */
export const deleteSubscription: Interaction = async (context, { id, header }) => {
  const { version } = await context.service.subscriptions.remove(context, id, header('if-match'));
  return { status: 204, headers: { etag: etag(version) }, body: null, disclosed: [] };
};

function written(version: StoredVersion, { header }: InteractionRequest, status: number): InteractionResponse {
  const headers = { etag: etag(version.version), 'last-modified': httpDate(version.at) };
  const minimal = /\breturn\s*=\s*"?minimal\b/i.test(header('prefer') ?? '');
  if (minimal) return { status, headers, body: null, disclosed: [] };
  return { status, headers, body: version.body, disclosed: [disclosure(version)] };
}

/** The body as JSON. Throws `invalid`. */
export function jsonOf({ body }: InteractionRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new AppError('invalid', 'the body is not JSON');
  }
}
