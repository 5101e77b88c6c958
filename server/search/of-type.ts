/**
 * An identifier of a type, as the index parameter `name:of-type` holds it under the type's system. `code` has no `|`: the
 * FHIR data type allows it, no terminology does.
 */
export function ofTypeCode(code: string, value: string): string {
  return `${code}|${value}`;
}
