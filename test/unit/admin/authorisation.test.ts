import { expect } from 'chai';
import { adminRoutes } from '../../../server/admin/table.ts';
import { adminAreas } from '../../../server/auth/admin-scope.ts';
import type { IsolationModel } from '../../../server/tenancy/tenant.ts';
import { type AdminAnswer, type AdminRig, adminRig } from '../../support/admin-rig.ts';
import { trustX, trustY } from '../../support/house-open.ts';
import { smallFile } from '../../support/small-files.ts';
import { modelsUnderTest } from '../../support/store-under-test.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly scope: string;
}

const everyScope = adminAreas.flatMap((area) => [`admin/${area}.read`, `admin/${area}.write`]);
const nobody = '00000000-0000-4000-8000-000000000000';

const bodies: Readonly<Record<string, string>> = {
  POST: '{"reason":"test"}',
  PUT: '{"mask":["gender"]}',
  rotate: '{}',
  change: '{}',
  role: '{"role":"viewer"}',
  replay: '{"from":1}',
};

/** What an answer gives away, without what differs from one request to the next. */
function shown({ status, headers, body }: AdminAnswer) {
  const kept = [...headers].filter(([name]) => !['date', 'x-request-id', 'x-correlation-id'].includes(name));
  return { status, headers: kept, body: { ...body, instance: '' } };
}

for (const isolation of modelsUnderTest) {
  describe(`Authorisation in the management API, tenants apart by ${isolation}`, () =>
    describeAuthorisation(isolation));
}

function describeAuthorisation(isolation: IsolationModel): void {
  let rig: AdminRig;
  let operations: readonly Operation[];
  /** Ids of rxx: a held file, a quarantined row, a client … */
  const ids: Record<string, string> = {
    ...{ files: '', exceptions: '', clients: '', users: '', 'permission-sets': 'rota' },
    ...{ audit: 'serve-zz', 'registration-tokens': 'a1', subscriptions: 's1' },
  };

  const path = (operation: Operation, tenant: string, id?: string) => {
    const [, , , kind = ''] = operation.path.split('/');
    return `/admin/v1${operation.path.replace('{tenant}', tenant).replace('{id}', id ?? ids[kind] ?? '')}`;
  };
  const call = (operation: Operation, where: string, token?: string) =>
    rig.call(operation.method, where, token, bodies[operation.path.split('/')[5] ?? ''] ?? bodies[operation.method]);

  before(async () => {
    rig = await adminRig([
      { ...trustX, isolation },
      { ...trustY, isolation },
    ]);
    await rig.ingest('1.dat', smallFile('277', 1).text, 'rxx');
    const broken = smallFile('277', 2).text.replace('~70001~', '~').replace('ASA~1001', 'ASA~9999');
    await rig.ingest('2.dat', broken, 'rxx');
    await rig.ingest('4.dat', smallFile('277', 4).text, 'rxx');
    await rig.house.permissionSets.put('rxx', { name: 'rota' });
    ids['files'] = (await rig.store('rxx').ledger.files()).find(({ state }) => state === 'held')?.id ?? '';
    ids['exceptions'] = (await rig.store('rxx').ledger.exceptions({ severity: 'error' }))[0]?.id ?? '';
    await rig.token('rxx', 'system/*.rs');
    ids['clients'] = (await rig.house.clients.list('rxx'))[0]?.id ?? '';
    const token = await rig.token('rxx', 'admin/users.write');
    const vera = JSON.stringify({ name: 'vera', role: 'viewer' });
    ids['users'] = (await rig.call('POST', '/admin/v1/tenants/rxx/users', token, vera)).body.id;
    expect(Object.values(ids).every((id) => id !== '')).to.equal(true);
    const { body } = await rig.call('GET', '/admin/v1/openapi.json');
    const found: Operation[] = [];
    for (const [one, methods] of Object.entries<Record<string, { security: [{ oauth2: [string] }] }>>(body.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        found.push({ method: method.toUpperCase(), path: one, scope: security[0].oauth2[0] });
      }
    }
    operations = found;
  });
  after(() => rig.close());

  it('describes itself to everybody as OpenAPI, scopes included', async () => {
    const { body } = await rig.call('GET', '/admin/v1/openapi.json');
    expect(body.openapi).to.equal('3.1.0');
    expect(operations).to.have.lengthOf(adminRoutes.length);
    expect(operations.every(({ scope }) => everyScope.includes(scope))).to.equal(true);
  });

  it('answers 401 without a token, for a tenant that is there and for one that is not', async () => {
    for (const operation of operations) {
      const there = await call(operation, path(operation, 'rxx'));
      expect(there.status, operation.path).to.equal(401);
      expect(there.headers.get('www-authenticate')).to.equal(`Bearer realm="${rig.url}/admin/v1"`);
      expect(shown(await call(operation, path(operation, 'none')))).to.deep.equal(shown(there));
    }
  });

  it('answers 401 to a token for a FHIR base, and a FHIR base answers 401 to a token of its own', async () => {
    const fhir = await rig.token('rxx', 'system/*.rs');
    for (const operation of operations)
      expect((await call(operation, path(operation, 'rxx'), fhir)).status).to.equal(401);
    const admin = await rig.token('rxx', everyScope.join(' '));
    expect((await rig.call('GET', '/t/rxx/fhir/v1/Practitioner', admin)).status).to.equal(401);
  });

  it('answers another tenant’s token as if the tenant had never been', async () => {
    const other = await rig.token('ryy', everyScope.join(' '));
    for (const operation of operations.filter((one) => one.path.includes('{tenant}'))) {
      const answer = await call(operation, path(operation, 'rxx'), other);
      expect(answer.status, operation.path).to.equal(404);
      expect(shown(await call(operation, path(operation, 'none'), other))).to.deep.equal(shown(answer));
    }
  });

  it('answers another tenant’s id as an id that never was', async () => {
    const other = await rig.token('ryy', everyScope.join(' '));
    for (const operation of operations.filter((one) => one.path.includes('{id}') && one.method !== 'PUT')) {
      const answer = await call(operation, path(operation, 'ryy'), other);
      const never = await call(operation, path(operation, 'ryy', nobody), other);
      expect(answer.status, operation.path).to.equal(404);
      const text = (one: AdminAnswer, id: string) => JSON.stringify(shown(one)).replaceAll(id, '…');
      const id = ids[operation.path.split('/')[3] ?? ''] ?? '';
      expect(text(answer, id)).to.equal(text(never, nobody));
    }
  });

  it('puts under a name what another tenant has under the same, and leaves that as it is', async () => {
    const other = await rig.token('ryy', everyScope.join(' '));
    const put = await rig.call('PUT', '/admin/v1/tenants/ryy/permission-sets/rota', other, '{"mask":["gender"]}');
    expect(put.status).to.equal(200);
    expect((await rig.house.permissionSets.get('rxx', 'rota')).mask).to.deep.equal([]);
    expect((await rig.house.permissionSets.get('ryy', 'rota')).mask).to.deep.equal(['gender']);
    await rig.house.permissionSets.remove('ryy', 'rota');
  });

  it('wants the scope of the operation and no other', async () => {
    for (const operation of operations) {
      const rest = everyScope.filter((scope) => scope !== operation.scope);
      const answer = await call(operation, path(operation, 'rxx'), await rig.token('rxx', rest.join(' ')));
      expect(answer.status, operation.path).to.equal(403);
      expect(answer.headers.get('www-authenticate')).to.match(/error="insufficient_scope"/);
    }
  });

  it('lets a platform token into every tenant', async () => {
    const token = await rig.token(null, 'admin/files.read');
    for (const tenant of ['rxx', 'ryy']) {
      expect((await rig.call('GET', `/admin/v1/tenants/${tenant}/files`, token)).status).to.equal(200);
    }
    expect((await rig.call('GET', '/admin/v1/tenants/none/files', token)).status).to.equal(404);
  });

  it('forgets a disabled client at once when its process knows', async () => {
    const token = await rig.token('rxx', 'admin/files.read');
    const clients = await rig.house.clients.list('rxx');
    for (const client of clients) await rig.house.clients.put({ ...client, status: 'disabled' });
    await rig.server.snapshot.refresh();
    expect((await rig.call('GET', '/admin/v1/tenants/rxx/files', token)).status).to.equal(401);
  });

  it('answers 429 to a client that asks too often, says when to come again, and records it', async () => {
    await rig.house.tenants.set('ryy', 'clientRequestsPerMinute', '2');
    await rig.server.snapshot.refresh();
    const token = await rig.token('ryy', 'admin/files.read');
    const ask = () => rig.call('GET', '/admin/v1/tenants/ryy/files', token);
    const first = await ask();
    expect(first.headers.get('ratelimit-policy')).to.equal('"client";q=2;w=60');
    await ask();
    const refused = await ask();
    expect(refused.status).to.equal(429);
    expect(refused.body).to.include({ title: 'Too Many Requests' });
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60);
    const [row] = await rig.store('ryy').audit.scan({ descending: true, count: 1 });
    expect(JSON.parse(row?.bytes ?? '')).to.include({ s: 429, r: 'throttled' });
    await rig.house.tenants.set('ryy', 'clientRequestsPerMinute', '0');
    await rig.server.snapshot.refresh();
  });

  it('answers unknown paths and methods as problems', async () => {
    expect((await rig.call('GET', '/admin/v1/nothing')).body).to.include({ title: 'Not Found' });
    const answer = await rig.call('DELETE', '/admin/v1/tenants/rxx/files');
    expect(answer.status).to.equal(405);
    expect(answer.headers.get('allow')).to.equal('GET, POST');
  });

  it('records every request, allowed or refused, in the audit of the tenant that it was about', async () => {
    const token = await rig.token('ryy', 'admin/files.read');
    await rig.call('GET', '/admin/v1/tenants/ryy/files?state=held', token);
    await rig.call('GET', '/admin/v1/tenants/rxx/files', token);
    const rows = async (tenant: string) =>
      (await rig.store(tenant).audit.scan({ descending: true, count: 5 })).map(({ bytes }) => JSON.parse(bytes));
    const [own] = await rows('ryy');
    expect(own).to.include({ k: 'admin', i: 'list-files', s: 200, q: '/admin/v1/tenants/ryy/files?state=held' });
    expect(own.c).to.match(/^c_/);
    const [foreign] = await rows('rxx');
    expect(foreign).to.include({ k: 'admin', i: 'list-files', s: 404, c: own.c, t: 'rxx' });
  });
}
