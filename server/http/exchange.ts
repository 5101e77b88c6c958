import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Access } from '../auth/access.ts';
import type { PermissionSet } from '../auth/permission-set.ts';
import type { AppError } from '../core/error.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { Located, Routed } from './router.ts';

/** A request on its way through the steps. What a step finds out stands here for the later ones and for the audit. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** Raw query; of a form POST the body as well, joined by `&`. */
  readonly query: string;
  /** What came that is no form. */
  readonly body: Buffer;
  readonly raw: IncomingMessage;
  readonly requestId: string;
  readonly correlationId: string;
  /** What is wrong with the request as such (body too large, media type …), to be said once the client is known. */
  readonly fault: AppError | undefined;
  located: Located | undefined;
  routed: Routed | undefined;
  /** `Allow` of a 405. */
  allow: string | undefined;
  /** Empty until the tenant's base is known. */
  base: string;
  /** The registered tenant of the path, whatever its state. */
  registered: Tenant | undefined;
  access: Access | undefined;
  /** What the client is under, once it is known. */
  permissions: PermissionSet | undefined;
  /** Names of the element mask that applies to what leaves. */
  mask: readonly string[];
  /** Headers that tell of rate limits. */
  rate: Readonly<Record<string, string>> | undefined;
  /** `WWW-Authenticate` of a 401 or 403. */
  challenge: string | undefined;
  /** Why there is no access, for the audit alone. */
  refusal: string | undefined;
  contentType: string;
}

/** What arrived, as Fastify or its error handler hands it over. `form` is ASCII; one of the two is empty. */
export function exchange(
  raw: IncomingMessage,
  { form, body }: { readonly form: string; readonly body: Buffer },
  fault: AppError | undefined,
): Exchange {
  const url = raw.url ?? '/';
  const mark = url.indexOf('?');
  const search = mark < 0 ? '' : url.slice(mark + 1);
  return {
    method: raw.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: form === '' ? search : search === '' ? form : `${search}&${form}`,
    body,
    raw,
    ...requestIds(raw),
    fault,
    located: undefined,
    routed: undefined,
    allow: undefined,
    base: '',
    registered: undefined,
    access: undefined,
    permissions: undefined,
    mask: [],
    rate: undefined,
    challenge: undefined,
    refusal: undefined,
    contentType: 'application/fhir+json; charset=utf-8',
  };
}

const idToken = /^[A-Za-z0-9._~:/+=@-]{1,128}$/;
/** Free text (nhs-fhir.md 2.1): printable ASCII, neither beginning nor ending with a space. */
const freeText = /^(?=[!-~])[ -~]{0,127}[!-~]$/;

/** `X-Request-ID` and `X-Correlation-ID`: mirrored where they are sane, else made (nhs-fhir.md 2.1). */
export function requestIds({ headers }: IncomingMessage): {
  readonly requestId: string;
  readonly correlationId: string;
} {
  const requestId = sane(headers['x-request-id'], idToken) ?? randomUUID();
  return { requestId, correlationId: sane(headers['x-correlation-id'], freeText) ?? requestId };
}

function sane(header: string | readonly string[] | undefined, pattern: RegExp): string | undefined {
  return typeof header === 'string' && pattern.test(header) ? header : undefined;
}

/** A single value of a header that Node may have split or joined. */
export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** All values of the Authorization header: Node's `headers` keeps the first and hides the others. */
export function authorizations({ rawHeaders }: IncomingMessage): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}
