import type { InteractionRequest } from './context.ts';

/** `Prefer: handling=lenient` (https://hl7.org/fhir/R4/search.html#errors): unknown parameters are dropped. */
export function isLenient(header: InteractionRequest['header']): boolean {
  return /\bhandling\s*=\s*"?lenient\b/i.test(header('prefer') ?? '');
}
