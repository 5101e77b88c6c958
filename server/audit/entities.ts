import type { AuditEventEntity, Coding } from '@medplum/fhirtypes';
import type { AuditContext } from './agents.ts';
import type { AuditEntry } from './entry.ts';
import type { Pattern } from './pattern.ts';

const systemObject: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  code: '2',
  display: 'System Object',
};
const objectRole = 'http://terminology.hl7.org/CodeSystem/object-role';
const domainResource: Coding = { system: objectRole, code: '4', display: 'Domain Resource' };
const job: Coding = { system: objectRole, code: '20', display: 'Job' };
const queryRole: Coding = { system: objectRole, code: '24', display: 'Query' };
const requestIdType: Coding = {
  system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType',
  code: 'XrequestId',
};

/**
 * Entities of a BALP event: `transaction` (X-Request-ID), `query` or `data`, and then every resource that was
 * disclosed. Those are typed by their resource type, because BALP slices entities by `type` alone and a second
 * "System Object" would break `data 1..1` and `query 1..1`; BALP itself leaves the results out, we answer for them.
 */
export function auditEntities(entry: AuditEntry, pattern: Pattern, context: AuditContext): AuditEventEntity[] {
  const own = pattern.object === 'data' && pattern.profile !== null ? entry.disclosed[0] : undefined;
  const main = pattern.object === 'query' ? queryEntity(entry) : dataEntity(entry, own, context);
  const shown = own === undefined ? entry.disclosed : entry.disclosed.slice(1);
  return [transaction(entry, context), ...(main === undefined ? [] : [main]), ...shown.map(disclosedEntity)];
}

function transaction(entry: AuditEntry, context: AuditContext): AuditEventEntity {
  return {
    type: requestIdType,
    what: { identifier: { value: entry.requestId } },
    detail: [
      { type: `${context.canonicalBase}/audit/correlation-id`, valueString: entry.correlationId },
      // An ingest has no HTTP status: 0.
      ...(entry.status > 0
        ? [{ type: `${context.canonicalBase}/audit/status`, valueString: String(entry.status) }]
        : []),
      ...(entry.numbers === undefined ? [] : [numbersDetail(entry.numbers, context)]),
    ],
  };
}

/** `5`, or `5-36` of several. */
function numbersDetail({ from, to }: NonNullable<AuditEntry['numbers']>, { canonicalBase }: AuditContext) {
  return {
    type: `${canonicalBase}/audit/event-numbers`,
    valueString: from === to ? String(from) : `${from}-${to}`,
  };
}

/** The raw request, base64, exactly as it came (a malicious one included); no `what` and no `detail` (BALP Query). */
function queryEntity(entry: AuditEntry): AuditEventEntity | undefined {
  if (entry.query === null) return entry.kind === 'admin' ? subjectEntity(entry) : undefined;
  return { type: systemObject, role: queryRole, query: Buffer.from(entry.query, 'utf8').toString('base64') };
}

/** What an operator at the command line changed or looked at: there was no request. */
function subjectEntity({ type, id }: AuditEntry): AuditEventEntity | undefined {
  if (id === null) return undefined;
  const what = type === null ? { identifier: { value: id } } : { reference: `${type}/${id}` };
  return { type: systemObject, what };
}

/** @param own the version that it is about, where that is the first that was disclosed */
function dataEntity(entry: AuditEntry, own: string | undefined, context: AuditContext): AuditEventEntity | undefined {
  if (entry.kind === 'file') {
    if (entry.id === null) return undefined;
    return {
      type: systemObject,
      role: job,
      what: { identifier: { system: `${context.canonicalBase}/Id/file`, value: entry.id } },
    };
  }
  if (entry.type === null || entry.id === null) return undefined;
  const reference = own === undefined ? `${entry.type}/${entry.id}` : versionReference(own);
  return { type: systemObject, role: domainResource, what: { reference } };
}

function disclosedEntity(version: string): AuditEventEntity {
  return {
    type: { system: 'http://hl7.org/fhir/resource-types', code: version.slice(0, version.indexOf('/')) },
    role: domainResource,
    what: { reference: versionReference(version) },
  };
}

/** `Type/id/3` → `Type/id/_history/3`. */
function versionReference(version: string): string {
  const at = version.lastIndexOf('/');
  return `${version.slice(0, at)}/_history/${version.slice(at + 1)}`;
}
