import type { Fields } from '../record/record.ts';

/** How ESR marks somebody who is not an employee yet (meaning.md, People): they publish nothing. */
const applicantSystemStatus = 'ACTIVE_APL';
const applicantUserStatuses: ReadonlySet<string> = new Set(['applicant', 'offer accepted']);
const applicantPersonType = 'applicant';

/** Is this slice of an assignment (ASA 9, 10) an application? */
export function isApplication(assignment: Fields): boolean {
  const userStatus = assignment['userStatus'];
  return (
    assignment['systemStatus'] === applicantSystemStatus ||
    (typeof userStatus === 'string' && applicantUserStatuses.has(userStatus.toLowerCase()))
  );
}

/** Is this person (PRA 35) an applicant and nothing else? `Employee.Ex-Applicant` is an employee. */
export function isApplicant(person: Fields): boolean {
  const personType = person['userPersonType'];
  return typeof personType === 'string' && personType.toLowerCase() === applicantPersonType;
}
