import type { AppError, ErrorCode } from '../core/error.ts';

interface Answer {
  readonly status: number;
  /** https://hl7.org/fhir/R4/valueset-issue-type.html */
  readonly issue: string;
  /** A code of `httpErrorCodes`. */
  readonly detail: string;
}

/** NHS England's code system for `issue.details` (used by BaRS; nhs-fhir.md, D9). */
const httpErrorCodes = 'https://fhir.nhs.uk/CodeSystem/http-error-codes';

/** The one place where a failure gets its HTTP status and its FHIR issue type. */
export const answers: Readonly<Record<ErrorCode, Answer>> = {
  invalid: { status: 400, issue: 'invalid', detail: 'BAD_REQUEST' },
  'unknown-parameter': { status: 400, issue: 'not-supported', detail: 'BAD_REQUEST' },
  unauthenticated: { status: 401, issue: 'login', detail: 'UNAUTHORIZED' },
  forbidden: { status: 403, issue: 'forbidden', detail: 'FORBIDDEN' },
  'not-found': { status: 404, issue: 'not-found', detail: 'NOT_FOUND' },
  gone: { status: 410, issue: 'deleted', detail: 'NOT_FOUND' },
  'method-not-allowed': { status: 405, issue: 'not-supported', detail: 'METHOD_NOT_ALLOWED' },
  'not-acceptable': { status: 406, issue: 'not-supported', detail: 'NOT_ACCEPTABLE' },
  conflict: { status: 409, issue: 'conflict', detail: 'CONFLICT' },
  'precondition-failed': { status: 412, issue: 'conflict', detail: 'CONFLICT' },
  'unsupported-media-type': { status: 415, issue: 'not-supported', detail: 'UNSUPPORTED_MEDIA_TYPE' },
  'too-large': { status: 413, issue: 'too-costly', detail: 'BAD_REQUEST' },
  unprocessable: { status: 422, issue: 'not-supported', detail: 'UNPROCESSABLE_ENTITY' },
  throttled: { status: 429, issue: 'throttled', detail: 'TOO_MANY_REQUESTS' },
  misdirected: { status: 421, issue: 'invalid', detail: 'BAD_REQUEST' },
  unavailable: { status: 503, issue: 'transient', detail: 'UNAVAILABLE' },
  internal: { status: 500, issue: 'exception', detail: 'SERVER_ERROR' },
};

/** Bytes of the OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html) of a failure: one issue per fault. */
export function outcomeBytes(error: AppError): Buffer {
  const issue = [error, ...error.others].map(({ code, message, expression }) => ({
    severity: 'error',
    code: answers[code].issue,
    details: { coding: [{ system: httpErrorCodes, code: answers[code].detail }] },
    diagnostics: message,
    ...(expression === undefined ? {} : { expression: [expression] }),
  }));
  return Buffer.from(JSON.stringify({ resourceType: 'OperationOutcome', issue }));
}

/** A warning that travels inside a Bundle (`search.mode` = `outcome`). */
export function warningOutcome(issueType: string, diagnostics: string): string {
  return JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'warning', code: issueType, diagnostics }],
  });
}
