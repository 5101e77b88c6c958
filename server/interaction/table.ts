import type { Permission } from '../auth/scope.ts';
import { readAuditEvent, searchAuditEvent } from './audit-event.ts';
import type { Interaction, OpenInteraction } from './context.ts';
import { historyInstance } from './history-instance.ts';
import { metadata } from './metadata.ts';
import { readProvenance, searchProvenance } from './provenance.ts';
import { renderedTypes, storedTypes } from './published-types.ts';
import { read } from './read.ts';
import { searchType } from './search-type.ts';
import { smartConfiguration } from './smart-configuration.ts';
import { vread } from './vread.ts';

/** A route below a FHIR base. `path`: literal segments, `{type}`, `{id}` and `{version}`. HEAD goes with every GET. */
interface RouteShape {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** FHIR interaction code (https://hl7.org/fhir/R4/valueset-restful-interaction.html) or our own name. */
  readonly interaction: string;
  /** Kind of the audit row. */
  readonly audit: 'rest';
  /** Answers in this media type whatever the client accepts. */
  readonly always?: 'application/json';
}

/** Needs no token. */
export interface OpenRoute extends RouteShape {
  readonly open: true;
  readonly run: OpenInteraction;
}

export interface ProtectedRoute extends RouteShape {
  readonly open: false;
  /** Types that `{type}` stands for. */
  readonly types: readonly string[];
  /** Letter of the SMART scope that the token must have for the type. */
  readonly needs: Permission;
  readonly run: Interaction;
}

export type Route = OpenRoute | ProtectedRoute;

const stored = storedTypes.map(({ type }) => type);
const audit = 'rest';
const open = false;

const protectedRoutes: readonly ProtectedRoute[] = [
  { method: 'GET', path: '{type}/{id}', interaction: 'read', types: stored, needs: 'r', run: read, audit, open },
  {
    method: 'GET',
    path: '{type}/{id}/_history',
    interaction: 'history-instance',
    types: stored,
    needs: 'r',
    run: historyInstance,
    audit,
    open,
  },
  {
    method: 'GET',
    path: '{type}/{id}/_history/{version}',
    interaction: 'vread',
    types: stored,
    needs: 'r',
    run: vread,
    audit,
    open,
  },
  ...search(stored, searchType),
  {
    method: 'GET',
    path: '{type}/{id}',
    interaction: 'read',
    types: ['AuditEvent'],
    needs: 'r',
    run: readAuditEvent,
    audit,
    open,
  },
  ...search(['AuditEvent'], searchAuditEvent),
  {
    method: 'GET',
    path: '{type}/{id}',
    interaction: 'read',
    types: ['Provenance'],
    needs: 'r',
    run: readProvenance,
    audit,
    open,
  },
  ...search(['Provenance'], searchProvenance),
];

function search(types: readonly string[], run: Interaction): readonly ProtectedRoute[] {
  return [
    { method: 'GET', path: '{type}', interaction: 'search-type', types, needs: 's', run, audit, open },
    { method: 'POST', path: '{type}/_search', interaction: 'search-type', types, needs: 's', run, audit, open },
  ];
}

/**
 * Everything that a FHIR base answers. One list with four uses: routing, the CapabilityStatement, the
 * authorisation-coverage test, the documentation.
 */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: 'metadata',
    interaction: 'capabilities',
    audit,
    open: true,
    run: (context) => metadata(context, protectedRoutes, [...storedTypes, ...renderedTypes]),
  },
  {
    method: 'GET',
    path: '.well-known/smart-configuration',
    interaction: 'smart-configuration',
    audit,
    always: 'application/json',
    open: true,
    run: smartConfiguration,
  },
  ...protectedRoutes,
];
