/**
 * Names as people know them. ESR writes its Virtual Private Database number and a hierarchy level before the name:
 * `070 6 Domestic (BRO)` (ORA 3), `070 z Maternity LWH` (LCA 3), `123-RCX OXLEAS` (LOV NHS_NACS_CODE).
 */

/** An organisation's name without VPD prefix and level digit; the raw text where nothing else would be left. */
export function organisationName(raw: string): string {
  return /^\d{3,4}\s+(?:[Ll]?\d{1,2}\s+)?(\S.*)$/.exec(raw)?.[1] ?? raw;
}

/** A location's code without VPD prefix and the letter that sorts closed or shared sites last. */
export function locationName(raw: string): string {
  return /^\d{3,4}\s+(?:[A-Za-z]\s+)?(\S.*)$/.exec(raw)?.[1] ?? raw;
}

/** The body's name in a row of the NHS_NACS_CODE list, whose text repeats VPD and ODS code before it. */
export function nacsName(raw: string): string {
  return /^\d{1,4}-\w+\s+(\S.*)$/.exec(raw)?.[1] ?? raw;
}
