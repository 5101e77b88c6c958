import type { AuditEvent, AuditEventAgent, CodeableConcept, Coding } from '@medplum/fhirtypes';

/**
 * The constraints of IHE BALP 1.1.4 restated by hand from the profiles' differentials, as far as they bind a server
 * without patients: one sentence per violation. Slices of `agent` and `entity` are told apart by `type` alone.
 */
export function balpViolations(event: AuditEvent): readonly string[] {
  return (event.meta?.profile ?? []).flatMap((profile) => {
    const name = profile.replace('https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.', '');
    const check = checks[name];
    return check === undefined ? [`unknown profile ${profile}`] : check(event).map((what) => `${name}: ${what}`);
  });
}

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const rest = 'http://hl7.org/fhir/restful-interaction';
const objectRole = 'http://terminology.hl7.org/CodeSystem/object-role';
const participant = 'http://terminology.hl7.org/CodeSystem/provenance-participant-type';

interface Roles {
  readonly client: readonly [string, string];
  readonly server: readonly [string, string];
}

const source = [dicom, '110153'] as const;
const destination = [dicom, '110152'] as const;

const checks: Readonly<Record<string, (event: AuditEvent) => string[]>> = {
  Create: (event) => [
    ...common(event, 'C', ['create'], { client: source, server: destination }),
    ...dataEntity(event, true),
  ],
  Read: (event) => [
    ...common(event, 'R', ['read', 'vread'], { client: destination, server: source }),
    ...dataEntity(event, false),
  ],
  Update: (event) => [
    ...common(event, 'U', ['update', 'patch'], { client: source, server: destination }),
    ...dataEntity(event, true),
  ],
  Delete: (event) => [
    ...common(event, 'D', ['delete'], { client: [dicom, '110150'], server: [participant, 'custodian'] }),
    ...dataEntity(event, true),
  ],
  Query: (event) => [
    ...common(event, 'E', ['search', 'search-type', 'search-system'], { client: source, server: destination }),
    ...queryEntity(event),
  ],
  'OAUTHaccessTokenUse.Comprehensive': (event) => {
    const clients = agentsOf(event, [dicom, '110150']);
    const people = agentsOf(event, ['https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes', 'UserOauthAgent']);
    return [
      ...(people.length <= 1 ? [] : ['agent[user] 0..1']),
      ...people.flatMap(({ who, requestor, policy }) => [
        ...(who?.identifier?.value ? [] : ['agent[user].who.identifier.value 1..1']),
        ...(requestor ? [] : ['agent[user].requestor is true']),
        ...(policy?.length === 1 ? [] : ['agent[user].policy is the jti']),
      ]),
      ...(clients.length === 1 ? [] : ['agent[oClient] 1..1']),
      ...clients.flatMap(({ who, media }) => [
        ...(who?.identifier?.value ? [] : ['agent[oClient].who.identifier.value 1..1']),
        ...(media === undefined ? [] : ['agent[oClient].media 0..0']),
      ]),
    ];
  },
};

function common(event: AuditEvent, action: string, interactions: readonly string[], roles: Roles): string[] {
  const subtypes = (event.subtype ?? []).filter(({ system }) => system === rest).map(({ code }) => code ?? '');
  return [
    ...(is(event.type, 'http://terminology.hl7.org/CodeSystem/audit-event-type', 'rest') ? [] : ['type']),
    ...(subtypes.some((code) => interactions.includes(code)) ? [] : ['subtype']),
    ...(event.action === action ? [] : ['action']),
    ...(event.recorded ? [] : ['recorded 1..1']),
    ...(event.outcome === '0' ? [] : ['outcome is success']),
    ...(event.agent.length >= 2 ? [] : ['agent 2..*']),
    ...agentSlice(event, 'client', roles.client),
    ...agentSlice(event, 'server', roles.server),
    ...transactions(event),
  ];
}

function agentSlice(event: AuditEvent, name: string, type: readonly [string, string]): string[] {
  const agents = agentsOf(event, type);
  return [
    ...(agents.length === 1 ? [] : [`agent[${name}] 1..1`]),
    ...agents.flatMap(({ who, network, media }) => [
      ...(who === undefined ? [`agent[${name}].who 1..1`] : []),
      ...(network === undefined ? [`agent[${name}].network 1..1`] : []),
      ...(media === undefined ? [] : [`agent[${name}].media 0..0`]),
    ]),
  ];
}

function transactions(event: AuditEvent): string[] {
  const system = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType';
  const found = (event.entity ?? []).filter(({ type }) => is(type, system, 'XrequestId'));
  return [
    ...(found.length <= 1 ? [] : ['entity[transaction] 0..1']),
    ...(found.every(({ what }) => what?.identifier?.value) ? [] : ['entity[transaction].what.identifier.value 1..1']),
  ];
}

function systemObjects(event: AuditEvent) {
  const system = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
  return (event.entity ?? []).filter(({ type }) => is(type, system, '2'));
}

function dataEntity(event: AuditEvent, roleRequired: boolean): string[] {
  const found = systemObjects(event);
  const roles = ['4', '3', '20'];
  return [
    ...(found.length === 1 ? [] : ['entity[data] 1..1']),
    ...found.flatMap(({ role, what }) => [
      ...(what === undefined ? ['entity[data].what 1..1'] : []),
      ...(role === undefined && roleRequired ? ['entity[data].role 1..1'] : []),
      ...(role === undefined || roles.some((code) => is(role, objectRole, code)) ? [] : ['entity[data].role']),
    ]),
  ];
}

function queryEntity(event: AuditEvent): string[] {
  const found = systemObjects(event);
  return [
    ...(found.length === 1 ? [] : ['entity[query] 1..1']),
    ...found.flatMap(({ role, what, lifecycle, query, detail }) => [
      ...(is(role, objectRole, '24') ? [] : ['entity[query].role']),
      ...(query ? [] : ['entity[query].query 1..1']),
      ...((what ?? lifecycle ?? detail) ? ['entity[query].what, lifecycle, detail 0..0'] : []),
    ]),
  ];
}

function agentsOf(event: AuditEvent, [system, code]: readonly [string, string]): AuditEventAgent[] {
  return event.agent.filter(({ type }) => hasCoding(type, system, code));
}

function hasCoding(type: CodeableConcept | undefined, system: string, code: string): boolean {
  return (type?.coding ?? []).some((coding) => is(coding, system, code));
}

function is(coding: Coding | undefined, system: string, code: string): boolean {
  return coding?.system === system && coding.code === code;
}
