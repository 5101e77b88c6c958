/** The closed set of failures that leave this server. Status and FHIR issue type of each stand in `fhir/outcome.ts`. */
const errorCodes = [
  'invalid',
  'unknown-parameter',
  'unauthenticated',
  'forbidden',
  'not-found',
  'gone',
  'method-not-allowed',
  'not-acceptable',
  'conflict',
  'precondition-failed',
  'unsupported-media-type',
  'too-large',
  'unprocessable',
  'throttled',
  'misdirected',
  'unavailable',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * An expected failure. `message` goes to the client and never holds personal data; `detail` goes to the log.
 * `expression` is the FHIRPath or parameter that the client must look at. `others`: what else is wrong with the same
 * request; the first one decides the status.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly expression: string | undefined;
  readonly others: readonly AppError[];

  constructor(
    code: ErrorCode,
    message: string,
    more: { detail?: string; expression?: string; others?: readonly AppError[] } = {},
  ) {
    super(message);
    this.code = code;
    this.detail = more.detail;
    this.expression = more.expression;
    this.others = more.others ?? [];
  }
}
