/** GMC reference numbers: stored as 7 digits, written with and without `C` (meaning.md, Published fields). */
const systems: ReadonlySet<string> = new Set([
  'https://fhir.hl7.org.uk/Id/gmc-number',
  'https://fhir.nhs.uk/Id/gmc-reference-number',
]);

/** The 7 digits of `C1234567`; undefined for anything else. */
export function gmcDigits(code: string): string | undefined {
  return /^[Cc]\d{7}$/.test(code) ? code.slice(1) : undefined;
}

export function isGmcSystem(system: string | null | undefined): boolean {
  return typeof system === 'string' && systems.has(system);
}

export const gmcSystems: readonly string[] = [...systems];
