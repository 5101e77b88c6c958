import { type Html, link, main, navigation, paragraph, table, tag } from './layout.ts';

/** Asks the management API in the name of whoever is logged in. `path` below `/admin/v1/`, with its query. */
export type AskAdmin = (path: string) => Promise<{ readonly status: number; readonly body: unknown }>;

export interface ConsolePage {
  readonly status: number;
  readonly title: string;
  readonly body: readonly Html[];
}

/** The page of a path below `/console/`; undefined where there is none. */
export async function consolePage(path: string, ask: AskAdmin): Promise<ConsolePage | undefined> {
  if (path === '') return tenantsPage(ask);
  const [place, tenant = '', section = 'files', ...more] = path.split('/');
  const show = sections[section];
  if (place !== 't' || !/^[a-z0-9-]{1,64}$/.test(tenant) || show === undefined || more.length > 0) return undefined;
  const { status, body } = await ask(`tenants/${tenant}`);
  if (status === 404) return undefined;
  const { name } = (status === 200 ? body : { name: tenant }) as { readonly name: string };
  return { status: 200, title: name, body: [tenantNavigation(tenant), main(name, [await show(tenant, ask)])] };
}

async function tenantsPage(ask: AskAdmin): Promise<ConsolePage> {
  const { status, body } = await ask('tenants');
  const { tenants = [] } = body as { readonly tenants?: readonly TenantView[] };
  const rows = tenants.map((one) => [link(`/console/t/${one.id}`, one.name), one.ods.join(', '), tag(one.status)]);
  const shown = status === 200 ? table('Your organisations', ['Name', 'ODS code', 'State'], rows) : refused(status);
  return { status: 200, title: 'Organisations', body: [main('Organisations', [shown])] };
}

interface TenantView {
  readonly id: string;
  readonly name: string;
  readonly ods: readonly string[];
  readonly status: string;
}

function tenantNavigation(tenant: string): Html {
  const names = { files: 'Files', exceptions: 'Open exceptions', clients: 'Clients' };
  return navigation(Object.entries(names).map(([section, name]) => link(`/console/t/${tenant}/${section}`, name)));
}

const sections: Readonly<Record<string, (tenant: string, ask: AskAdmin) => Promise<Html>>> = {
  files: async (tenant, ask) => {
    const { status, body } = await ask(`tenants/${tenant}/files?limit=100`);
    if (status !== 200) return refused(status);
    const { files } = body as { readonly files: readonly FileView[] };
    const rows = files.map((one) => [
      ...[one.name, tag(one.state), one.receivedAt.slice(0, 16).replace('T', ' '), one.rows, one.created],
      ...[one.changed, one.removed, one.quarantined, one.reason ?? ''],
    ]);
    const counts = ['Rows', 'Created', 'Changed', 'Removed', 'Quarantined'];
    return table('Files, newest first', ['Name', 'State', 'Received (UTC)', ...counts, 'Reason'], rows);
  },
  exceptions: async (tenant, ask) => {
    const { status, body } = await ask(`tenants/${tenant}/exceptions?limit=100`);
    if (status !== 200) return refused(status);
    const { exceptions } = body as { readonly exceptions: readonly ExceptionView[] };
    const rows = exceptions.map((one) => [
      ...[one.since.slice(0, 10), tag(one.severity), one.record, one.rule, one.line, one.message, one.owner],
    ]);
    const head = ['Since', 'Severity', 'Record', 'Rule', 'Line', 'What is wrong', 'Owner'];
    return table('Open exceptions', head, rows);
  },
  clients: async (tenant, ask) => {
    const { status, body } = await ask(`tenants/${tenant}/clients`);
    if (status !== 200) return refused(status);
    const { clients } = body as { readonly clients: readonly ClientView[] };
    const rows = clients.map((one) => [
      ...[one.name, one.client_id, tag(one.status), one.authentication, one.scope],
      one.last_used?.slice(0, 16).replace('T', ' ') ?? 'never',
    ]);
    return table('Clients', ['Name', 'Client id', 'State', 'Authenticates by', 'Scopes', 'Last used (UTC)'], rows);
  },
};

interface FileView {
  readonly name: string;
  readonly state: string;
  readonly receivedAt: string;
  readonly rows: number;
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
  readonly quarantined: number;
  readonly reason?: string;
}

interface ExceptionView {
  readonly since: string;
  readonly severity: string;
  readonly record: string;
  readonly rule: string;
  readonly line: number;
  readonly message: string;
  readonly owner: string;
}

interface ClientView {
  readonly name: string;
  readonly client_id: string;
  readonly status: string;
  readonly authentication: string;
  readonly scope: string;
  readonly last_used?: string;
}

function refused(status: number): Html {
  return paragraph(
    status === 403 ? 'Your role does not show this.' : status === 429 ? 'Too many requests.' : 'Not to be had now.',
  );
}
