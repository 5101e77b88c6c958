/**
 * Why a search cannot be answered as asked. `unsupported`: a parameter, modifier or value form that we do not know;
 * dropped where the client is lenient (`Prefer: handling=lenient`). `message` names parameters, never values.
 */
export interface Problem {
  readonly is: 'invalid' | 'unsupported';
  readonly message: string;
  /** The parameter as the client wrote it. */
  readonly expression: string;
}

export function invalid(expression: string, message: string): Problem {
  return { is: 'invalid', message, expression };
}

export function unsupported(expression: string, message: string): Problem {
  return { is: 'unsupported', message, expression };
}

/** A result or the reasons why there is none. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function checked<T>(value: T): Checked<T> {
  return { ok: true, value };
}

export function failed(...problems: readonly Problem[]): { readonly ok: false; readonly problems: readonly Problem[] } {
  return { ok: false, problems };
}
