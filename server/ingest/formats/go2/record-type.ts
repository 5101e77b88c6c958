/**
 * Record types of the Generic Outbound interface (esr.md 1.2), by the first two letters: the third is `A` for add or
 * update, `D` for delete. Those without a column table are counted under their type and dropped.
 */
const recordTypePrefixes: ReadonlySet<string> = new Set([
  'LC', // location
  'OR', // organisation
  'PO', // position
  'PR', // person
  'AS', // assignment
  'CO', // assignment costing
  'PH', // phone (EXP)
  'AD', // address (EXP)
  'VH', // vehicle (EXP)
  'AB', // absence
  'TR', // training absence
  'CD', // competence definition
  'CM', // competency held by a person
  'DT', // disability
  'EL', // payroll element entry
  'ET', // person extra information type
  'PI', // position extra information type
  'QL', // qualification
  'ST', // person special information type
]);

/** Is `code` a record type of the reference (`ABA`, `COD`, `LOV`, …)? */
export function isKnownRecordType(code: string): boolean {
  if (code === 'LOV') return true;
  return code.length === 3 && (code[2] === 'A' || code[2] === 'D') && recordTypePrefixes.has(code.slice(0, 2));
}
