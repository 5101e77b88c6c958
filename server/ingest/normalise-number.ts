const pattern = /^(?:\d{1,15}(?:\.\d{0,20})?|\.\d{1,20})$/;

/**
 * Reads an ESR number, which may lack its leading zero (`.5`, esr.md 1.2). Hours and full-time equivalents are never
 * negative; a comma, a sign or an exponent is no ESR number.
 *
 * @param text trimmed, not blank
 * @returns the number, or undefined where it is none
 */
export function normaliseNumber(text: string): number | undefined {
  return pattern.test(text) ? Number(text) : undefined;
}
