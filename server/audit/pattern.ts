import type { Coding } from '@medplum/fhirtypes';
import type { AuditEntry } from './entry.ts';

/**
 * IHE BALP 1.1 patterns (https://profiles.ihe.net/ITI/BALP): what type, subtype and action an entry has, which role
 * codes its client and server take, and which profile a success may claim.
 */
export interface Pattern {
  readonly type: Coding;
  readonly subtype: Coding;
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  readonly client: Coding;
  readonly server: Coding;
  readonly object: 'data' | 'query' | 'none';
  readonly profile: string | null;
}

const profileBase = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/';
const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const restful = 'http://hl7.org/fhir/restful-interaction';

const rest: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
  code: 'rest',
  display: 'Restful Operation',
};
const userAuthentication: Coding = { system: dicom, code: '110114', display: 'User Authentication' };
const dataImport: Coding = { system: dicom, code: '110107', display: 'Import' };
const applicationActivity: Coding = { system: dicom, code: '110100', display: 'Application Activity' };

const securityAlert: Coding = { system: dicom, code: '110113', display: 'Security Alert' };

const source: Coding = { system: dicom, code: '110153', display: 'Source Role ID' };
const destination: Coding = { system: dicom, code: '110152', display: 'Destination Role ID' };
export const application: Coding = { system: dicom, code: '110150', display: 'Application' };
const custodian: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  code: 'custodian',
};
const authorizationServer: Coding = {
  system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes',
  code: 'AuthzOauthService',
};

type Shape = Omit<Pattern, 'type' | 'subtype'>;

const writing = { client: source, server: destination, object: 'data' } as const;
/** Data flow to the client in a Read, so the role codes are the other way round; in a Query they follow the query. */
const read: Shape = {
  action: 'R',
  client: destination,
  server: source,
  object: 'data',
  profile: 'IHE.BasicAudit.Read',
};
const query: Shape = {
  action: 'E',
  client: source,
  server: destination,
  object: 'query',
  profile: 'IHE.BasicAudit.Query',
};
const update: Shape = { ...writing, action: 'U', profile: 'IHE.BasicAudit.Update' };
/** BALP has no pattern for the history interactions: they take the roles of a Read and claim nothing. */
const history: Shape = { ...read, object: 'query', profile: null };
const other: Shape = { ...query, profile: null };

const interactions: Readonly<Record<string, Shape>> = {
  read,
  vread: read,
  search: query,
  'search-type': query,
  'search-system': query,
  create: { ...writing, action: 'C', profile: 'IHE.BasicAudit.Create' },
  update,
  patch: update,
  delete: {
    action: 'D',
    client: application,
    server: custodian,
    object: 'data',
    profile: 'IHE.BasicAudit.Delete',
  },
  history,
  'history-instance': history,
  'history-type': history,
  'history-system': history,
  capabilities: other,
  transaction: other,
  batch: other,
  operation: other,
};

/** Those that FHIR has no code for, where they are not like `other`. */
const ownInteractions: Readonly<Record<string, Shape>> = {
  /** What a subscription's client was told of. */
  notification: { ...other, object: 'data' },
};

/**
 * The pattern of an entry. Interactions that FHIR has no code for have ours, of
 * `{canonicalBase}/CodeSystem/audit-interaction`.
 */
export function auditPattern(entry: AuditEntry, canonicalBase: string): Pattern {
  const own: Coding = { system: `${canonicalBase}/CodeSystem/audit-interaction`, code: entry.interaction };
  switch (entry.kind) {
    case 'rest': {
      const shape = interactions[entry.interaction];
      const subtype = shape === undefined ? own : { system: restful, code: entry.interaction };
      return { type: rest, subtype, ...(shape ?? ownInteractions[entry.interaction] ?? other) };
    }
    case 'token':
      return {
        type: userAuthentication,
        subtype:
          entry.interaction === 'token'
            ? { system: 'urn:ihe:event-type-code', code: 'ITI-71', display: 'Get Access Token' }
            : own,
        action: 'E',
        client: application,
        server: authorizationServer,
        object: 'query',
        profile: null,
      };
    case 'file':
      return { ...other, type: dataImport, subtype: own, action: 'C', object: 'data' };
    case 'admin':
      return { ...other, type: applicationActivity, subtype: own };
    case 'integrity':
      return {
        ...other,
        type: entry.outcome === 0 ? applicationActivity : securityAlert,
        subtype: own,
        object: 'none',
      };
  }
}

/** Canonical URLs that the event of a success may claim; a failure follows the same pattern and claims none. */
export function auditProfiles(entry: AuditEntry, pattern: Pattern): readonly string[] {
  if (entry.outcome !== 0 || entry.address === null) return [];
  const object = pattern.object === 'query' ? entry.query !== null : entry.type !== null && entry.id !== null;
  const oauth = entry.kind === 'rest' && entry.client !== null && entry.jti !== null;
  return [
    ...(pattern.profile !== null && object && entry.client !== null ? [profileBase + pattern.profile] : []),
    ...(oauth ? [`${profileBase}IHE.BasicAudit.OAUTHaccessTokenUse.Comprehensive`] : []),
  ];
}
