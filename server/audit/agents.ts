import type { AuditEventAgent, AuditEventSource } from '@medplum/fhirtypes';
import type { AuditEntry } from './entry.ts';
import { application, type Pattern } from './pattern.ts';

/** What a rendering knows besides the entry. URLs are without a trailing slash. */
export interface AuditContext {
  /** Root of our identifier systems and canonical URLs. */
  readonly canonicalBase: string;
  /** Where this server is reached: the server agent's network address. */
  readonly publicUrl: string;
  /** Name and version of this software. */
  readonly software: string;
}

/** BALP, OAUTHaccessTokenUse.Comprehensive: the person in whose name a token was used. */
const person = {
  system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes',
  code: 'UserOauthAgent',
  display: 'User OAuth Agent participant',
} as const;

/**
 * Person, client and server of a BALP event. The client carries two codings, its role in the exchange and
 * `Application`, so that one agent satisfies both the interaction's profile and OAUTHaccessTokenUse.Comprehensive.
 * Where somebody had logged in, they are the requestor and the token's `jti` stands on them; else the client is.
 */
export function auditAgents(entry: AuditEntry, pattern: Pattern, context: AuditContext): AuditEventAgent[] {
  const codings = pattern.client.code === application.code ? [application] : [pattern.client, application];
  const client: AuditEventAgent = {
    type: { coding: codings },
    who:
      entry.client === null
        ? { display: entry.kind === 'file' || entry.kind === 'integrity' ? context.software : 'unidentified client' }
        : { identifier: { system: `${context.canonicalBase}/Id/client`, value: entry.client } },
    requestor: entry.user === undefined,
    ...(entry.user === undefined ? policyOf(entry) : {}),
    ...(entry.address === null ? {} : { network: { address: entry.address, type: '2' } }),
  };
  const server: AuditEventAgent = {
    type: { coding: [pattern.server] },
    who: { identifier: observer(context), display: context.software },
    requestor: false,
    network: { address: context.publicUrl, type: '5' },
  };
  return entry.user === undefined ? [client, server] : [personAgent(entry, entry.user, context), client, server];
}

function personAgent(entry: AuditEntry, id: string, { canonicalBase }: AuditContext): AuditEventAgent {
  return {
    type: { coding: [person] },
    who: { identifier: { system: `${canonicalBase}/Id/user`, value: id } },
    requestor: true,
    ...policyOf(entry),
  };
}

function policyOf({ jti }: AuditEntry): Pick<AuditEventAgent, 'policy'> {
  return jti === null ? {} : { policy: [`urn:ietf:params:oauth:jti:${jti}`] };
}

export function auditSource(entry: AuditEntry, context: AuditContext): AuditEventSource {
  return {
    ...(entry.tenant === null ? {} : { site: entry.tenant }),
    observer: { type: 'Device', identifier: observer(context), display: context.software },
    type: [
      {
        system: 'http://terminology.hl7.org/CodeSystem/security-source-type',
        code: '4',
        display: 'Application Server',
      },
    ],
  };
}

function observer(context: AuditContext): { system: string; value: string } {
  return { system: `${context.canonicalBase}/Id/server`, value: context.publicUrl };
}
