import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keyRing } from '../../server/keys/key-ring.ts';
import { indexSchema } from '../../server/search/schema.ts';
import { openSqlite } from '../../server/store/sqlite/open.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { bearer, type FhirRig, fhirRig, parameters, publicUrl } from '../support/fhir-rig.ts';

/** Attacks that need data which no mapping would write. */
describe('Two tenants with the same logical ids', () => {
  let rig: FhirRig;

  before(async () => {
    rig = await fhirRig(['rxx', 'ryy']);
    for (const tenant of ['rxx', 'ryy']) {
      await rig.put(tenant, [{ resourceType: 'Practitioner', id: 'p1', name: [{ family: `Family of ${tenant}` }] }]);
    }
    await rig.put('ryy', [{ resourceType: 'Practitioner', id: 'only-ryy', name: [{ family: 'Family of ryy' }] }]);
    const planted = [`${publicUrl}/t/ryy/fhir/v1/Practitioner/p1`, 'Practitioner/only-ryy', 'Practitioner/p1'];
    for (const [at, reference] of planted.entries()) {
      await rig.put('rxx', [{ resourceType: 'PractitionerRole', id: `r${at}`, practitioner: { reference } }]);
    }
  });
  after(() => rig.close());

  const ask = async (tenant: string, path: string) => {
    const headers = { authorization: bearer(tenant, 'system/*.rs'), 'x-request-id': 'r' };
    const { statusCode, body } = await rig.app.inject({ url: `/t/${tenant}/fhir/v1/${path}`, headers });
    return { status: statusCode, body };
  };

  it('T13: a reference planted into the other tenant brings nothing along, either way', async () => {
    for (const path of [
      'PractitionerRole?_include=PractitionerRole:practitioner',
      'PractitionerRole?_include=PractitionerRole:*',
      'PractitionerRole?_include:iterate=PractitionerRole:practitioner',
      'PractitionerRole?practitioner.name=family',
      'PractitionerRole?practitioner.name=family%20of%20ryy',
    ]) {
      const { status, body } = await ask('rxx', path);
      expect(status, path).to.equal(200);
      expect(body).to.not.include('Family of ryy');
    }
    expect((await ask('rxx', 'PractitionerRole?_include=PractitionerRole:*')).body).to.include('Family of rxx');
    for (const path of [
      'Practitioner?_revinclude=PractitionerRole:practitioner',
      'Practitioner?_has:PractitionerRole:practitioner:_id=r0,r1,r2',
    ]) {
      const { status, body } = await ask('ryy', path);
      expect(status, path).to.equal(200);
      expect(body).to.not.include('PractitionerRole/r');
    }
    expect(JSON.parse((await ask('ryy', 'Practitioner?_has:PractitionerRole:practitioner:_id=r1')).body)).to.include({
      total: 0,
    });
  });

  it('T18: equal ids and versions are two resources: a tag of one says nothing of the other', async () => {
    const [mine, theirs] = [await ask('rxx', 'Practitioner/p1'), await ask('ryy', 'Practitioner/p1')];
    expect(mine.body).to.include('Family of rxx');
    expect(theirs.body).to.include('Family of ryy');
    const headers = { authorization: bearer('rxx', 'system/*.rs'), 'if-none-match': 'W/"2"' };
    expect((await rig.app.inject({ url: '/t/rxx/fhir/v1/Practitioner/p1', headers })).body).to.equal(mine.body);
  });
});

describe('The files of two tenants', () => {
  it('X4: what is restored in the place of another tenant’s data opens with nobody’s key', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'esr-fhir-'));
    const options = {
      directory,
      keys: keyRing(Buffer.alloc(32, 1)),
      schema: indexSchema(parameters),
      disclosures: () => [],
    };
    const key = { contract: 'v1', type: 'Practitioner', id: 'p1' };
    try {
      const store = await openSqlite(options);
      for (const tenant of ['rxx', 'ryy']) {
        await store.createTenant(tenant);
        const body = `of ${tenant}`;
        const row = { ...key, tenant, op: 'resource', version: 1, change: 'create', body, hash: 'h' } as const;
        const batch = [{ ...row, unit: null, index: [], lineage: null }];
        await store.tenant(grantTenant(tenant, 'operator')).transact(batch, '2026-11-23T12:00:00.000Z');
      }
      await store.close();
      const file = (tenant: string) => join(directory, 'tenants', tenant, 'data.db');
      cpSync(file('ryy'), file('rxx'));
      for (const suffix of ['-wal', '-shm']) rmSync(file('rxx') + suffix, { force: true });
      const again = await openSqlite(options);
      const read = async (tenant: string) =>
        (await again.tenant(grantTenant(tenant, 'operator')).resources.read(key))?.body.toString();
      expect(await read('rxx').catch(() => 'cannot be read')).to.equal('cannot be read');
      expect(await read('ryy')).to.equal('of ryy');
      await again.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
