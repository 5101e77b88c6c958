/**
 * An identifier of a type, as the index parameter `name:of-type` holds it under the type's system. No terminology has a
 * code with `|`, though the FHIR data type allows one.
 */
export function ofTypeCode(code: string, value: string): string {
  return `${code}|${value}`;
}
