import type { AuditEvent } from '@medplum/fhirtypes';
import { type AuditContext, auditAgents, auditSource } from './agents.ts';
import { auditEntities } from './entities.ts';
import type { AuditEntry } from './entry.ts';
import { auditPattern, auditProfiles } from './pattern.ts';

/**
 * The FHIR R4 AuditEvent of an audit row, after IHE BALP 1.1 (https://profiles.ihe.net/ITI/BALP).
 *
 * @param id the AuditEvent id (`event-id.ts`)
 */
export function renderAuditEvent(id: string, entry: AuditEntry, context: AuditContext): AuditEvent & { id: string } {
  const pattern = auditPattern(entry, context.canonicalBase);
  const profiles = auditProfiles(entry, pattern);
  return {
    resourceType: 'AuditEvent',
    id,
    meta: { versionId: '1', lastUpdated: entry.at, ...(profiles.length > 0 ? { profile: [...profiles] } : {}) },
    type: pattern.type,
    subtype: [pattern.subtype],
    action: pattern.action,
    recorded: entry.at,
    outcome: String(entry.outcome) as '0' | '4' | '8',
    ...(entry.reason === null ? {} : { outcomeDesc: entry.reason }),
    agent: auditAgents(entry, pattern, context),
    source: auditSource(entry, context),
    entity: auditEntities(entry, pattern, context),
  };
}
