import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { type Trace, traceFile, tracePerson, traceResource } from '../lineage/trace.ts';
import type { AdminAnswer, AdminContext, AdminRequest, AdminRoute } from './route.ts';
import { pageOf, ref } from './schema.ts';

/** Parameters of `AuditEvent` searches, `limit` and `after` apart. */
async function searchAudit({ deps, stewardship }: AdminContext, { query }: AdminRequest): Promise<AdminAnswer> {
  const after = query.get('after');
  const count = Math.min(limits.searchCountMax, Number(query.get('limit') ?? limits.searchCountDefault));
  if (!Number.isInteger(count) || count < 1) throw new AppError('invalid', 'limit is a whole number from 1 on');
  const parameters = [...query].flatMap(([written, value]) => {
    if (written === 'after' || written === 'limit') return [];
    const [name = '', modifier] = written.split(':');
    return [{ name, ...(modifier === undefined ? {} : { modifier }), values: value.split(',') }];
  });
  const page = { count, ...(after === null ? {} : { after }) };
  const { resources, next } = await deps.trace(stewardship.store).searchAudit(parameters, page);
  const disclosed = resources.map(({ id }) => `AuditEvent/${id}/1`);
  return { status: 200, body: { events: resources, ...(next === undefined ? {} : { next }) }, disclosed };
}

async function readAudit({ deps, stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  const event = await deps.trace(stewardship.store).readAudit(id);
  if (event === undefined) throw new AppError('not-found', 'there is no such event');
  return { status: 200, id, body: event, disclosed: [`AuditEvent/${id}/1`] };
}

async function lineage({ stewardship }: AdminContext, { query }: AdminRequest): Promise<AdminAnswer> {
  const [file, resource, person] = ['file', 'resource', 'person'].map((name) => query.get(name) ?? undefined);
  const [wanted, ...more] = [file, resource, person].filter((one) => one !== undefined);
  if (wanted === undefined || more.length > 0) throw new AppError('invalid', 'name one of file, resource and person');
  const trace = await traceOf(stewardship, file, resource, wanted);
  if (trace === undefined) throw new AppError('not-found', 'nothing is known of it here');
  return { status: 200, id: resource ?? wanted, body: trace };
}

function traceOf(
  { store, tenant }: AdminContext['stewardship'],
  file: string | undefined,
  resource: string | undefined,
  wanted: string,
): Promise<Trace | undefined> {
  if (file !== undefined) return traceFile(store, file);
  if (resource === undefined) return tracePerson(store, wanted);
  const [type, id, ...rest] = resource.split('/');
  if (type === undefined || id === undefined || rest.length > 0) throw new AppError('invalid', 'resource is Type/id');
  return traceResource(store, { type, id }, tenant.contracts);
}

const auditParameters = [
  'date',
  'agent',
  'entity',
  'entity-type',
  'action',
  'outcome',
  'type',
  'subtype',
  'source',
].map((name) => ({ name, description: `as of AuditEvent; see the FHIR search parameter "${name}"` }));

export const auditRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path: 'tenants/{tenant}/audit', operation: 'search-audit', scope: 'admin/audit.read' },
    summary: 'Who did what: AuditEvents, newest first. All pages together are the export.',
    parameters: [
      ...auditParameters,
      { name: 'limit', description: `events at once, at most ${limits.searchCountMax}` },
      { name: 'after', description: 'the `next` of the page before' },
    ],
    answer: { status: 200, description: 'events', schema: pageOf('events', ref('AuditEvent')) },
    run: searchAudit,
  },
  {
    ...{ method: 'GET', path: 'tenants/{tenant}/audit/{id}', operation: 'read-audit', scope: 'admin/audit.read' },
    summary: 'One AuditEvent.',
    parameters: [],
    answer: { status: 200, description: 'the event', schema: ref('AuditEvent') },
    run: readAudit,
  },
  {
    ...{ method: 'GET', path: 'tenants/{tenant}/lineage', operation: 'lineage', scope: 'admin/lineage.read' },
    summary: 'File, record, resource version, notification and read, both ways, of one file, resource or person.',
    parameters: [
      { name: 'file', description: 'id of a file of the ledger' },
      { name: 'resource', description: 'Type/id' },
      { name: 'person', description: 'ESR person id' },
    ],
    answer: { status: 200, description: 'the trace', schema: ref('Trace') },
    run: lineage,
  },
];
