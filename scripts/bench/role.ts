import type { ResourceOp } from '../../server/store/port.ts';
import { tenant } from './trust.ts';

const own = 'https://esr-fhir.example';
const profile = 'https://fhir.hl7.org.uk/StructureDefinition/UKCore-PractitionerRole';

/** A new PractitionerRole of the size that a mapping makes them, which no search finds. @param at ISO 8601 */
export function newRole(id: string, at: string): ResourceOp {
  const body = JSON.stringify({
    ...{ resourceType: 'PractitionerRole', id, meta: { versionId: '1', lastUpdated: at, profile: [profile] } },
    identifier: [{ system: `${own}/Id/assignment-number`, value: `20${id}-1` }],
    ...{ active: true, period: { start: '2026-12-01' } },
    practitioner: { reference: `Practitioner/${id}`, display: 'A name' },
    organization: { reference: 'Organization/d1', display: 'Ward 1' },
    code: [
      concept('job-role', 'N6A', 'Staff Nurse'),
      concept('staff-group', 'NMR', 'Nursing and Midwifery Registered'),
    ],
    specialty: [concept('occupation-code', 'N6A', 'Adult nurse')],
    location: [{ reference: 'Location/l1' }],
    telecom: [{ system: 'email', value: `${id}@trust.example`, use: 'work' }],
  });
  return {
    ...{ op: 'resource', tenant, contract: 'v1', type: 'PractitionerRole', id, version: 1, change: 'create' },
    ...{ body, hash: id, unit: null, index: [], lineage: null },
  };
}

function concept(list: string, code: string, display: string) {
  return { coding: [{ system: `${own}/CodeSystem/${list}`, code, display }] };
}
