import type { AppError } from '../core/error.ts';
import { answers } from '../fhir/outcome.ts';

/** RFC 9457 problem details: `type` is `about:blank`, as status and detail say everything. */
export interface Problem {
  readonly status: number;
  readonly document: Readonly<Record<string, unknown>>;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** @param requestId `X-Request-ID`, to find the request in the audit */
export function problemOf(error: AppError, requestId: string): Problem {
  const { status } = answers[error.code];
  const title = titles[status] ?? 'Error';
  return { status, document: { type: 'about:blank', title, status, detail: error.message, instance: requestId } };
}
