import { expect } from 'chai';
import { type PermissionSet, permissionSetFrom, scopesUnder } from '../../../server/auth/permission-set.ts';
import { parseScopes } from '../../../server/auth/scope.ts';
import { present } from '../../../server/core/assert.ts';
import { permissionSetOf } from '../../../server/registry/permission-sets.ts';
import { bearer, type FhirRig, fhirRig } from '../../support/fhir-rig.ts';
import { gmcSystem, personSystem, wardDirectory } from '../../support/ward-directory.ts';

const base = '/t/rxx/fhir/v1';
const set = (document: object): PermissionSet => permissionSetFrom({ name: 'test', ...document });

describe('a permission set', () => {
  let rig: FhirRig;

  before(async () => {
    rig = await fhirRig(['rxx']);
    await rig.put('rxx', wardDirectory);
  });
  after(() => rig.close());
  afterEach(() => {
    rig.withhold([]);
  });

  const ask = async (path: string, scope = 'system/*.rs') => {
    const answer = await rig.app.inject({ url: `${base}/${path}`, headers: { authorization: bearer('rxx', scope) } });
    return { status: answer.statusCode, body: answer.json() };
  };
  const found = async (path: string): Promise<readonly string[]> => {
    const { status, body } = await ask(path);
    expect(status, `${path}: ${JSON.stringify(body)}`).to.equal(200);
    return (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id).sort();
  };

  it('shows the rows of a department and all below it, and what hangs on them', async () => {
    rig.permit(set({ rows: { departments: ['a'] } }));
    expect(await found('PractitionerRole')).to.deep.equal(['r1', 'r2', 'r4']);
    expect(await found('Practitioner')).to.deep.equal(['p1', 'p2', 'p4']);
    expect(await found('Basic')).to.deep.equal(['b1', 'b2', 'b4']);
    expect(await found('Organization')).to.deep.equal(['a', 'a1', 'e']);
    expect(await found('Location')).to.have.length(3);
    expect((await ask('Practitioner/p3')).status).to.equal(404);
    rig.permit(set({ rows: { departments: ['a1'] } }));
    expect(await found('Practitioner')).to.deep.equal(['p2']);
  });

  it('follows the department tree as it changes', async () => {
    rig.permit(set({ rows: { departments: ['b'] } }));
    expect(await found('Practitioner')).to.deep.equal(['p3']);
    const moved = { resourceType: 'Organization', id: 'a1', partOf: { reference: 'Organization/b' } };
    await rig.put('rxx', [moved]);
    expect(await found('Practitioner')).to.deep.equal(['p2', 'p3']);
    await rig.put('rxx', [{ ...moved, partOf: { reference: 'Organization/a' } }]);
    expect(await found('Practitioner')).to.deep.equal(['p3']);
  });

  it('shows what every one of its filters lets through', async () => {
    rig.permit(set({ rows: { departments: ['a'], staffGroups: ['urn:groups|nursing'], sites: ['s1'] } }));
    expect(await found('Practitioner')).to.deep.equal(['p1', 'p2']);
    expect(await found('Basic')).to.deep.equal(['b1', 'b2']);
    rig.permit(set({ rows: { departments: ['a'], sites: ['s3'] } }));
    expect(await found('PractitionerRole')).to.deep.equal([]);
    expect(await found('Practitioner')).to.deep.equal([]);
    rig.permit(set({ rows: { departments: ['nowhere'] } }));
    expect(await found('Practitioner')).to.deep.equal([]);
  });

  it('masks elements in every answer, tags them, and says in the audit which', async () => {
    rig.permit(set({ mask: ['birth-date', 'gender', 'contact'] }));
    const { body } = await ask('Practitioner/p1');
    expect(body).to.not.have.any.keys('birthDate', 'gender', 'telecom', 'address');
    expect(body).to.include.keys('qualification', 'identifier', 'name');
    expect(body.meta.tag).to.deep.equal([
      { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' },
    ]);
    expect(rig.audited.at(-1)).to.deep.include({
      mask: ['birth-date', 'contact', 'gender'],
      disclosed: ['Practitioner/p1/1'],
    });
    for (const path of [
      'Practitioner',
      'Practitioner/p1/_history',
      'PractitionerRole?_include=PractitionerRole:*',
      'Practitioner?_summary=true',
    ]) {
      const text = JSON.stringify((await ask(path)).body);
      expect(text, path).to.not.match(/birthDate|"gender"|telecom|"address"/);
      expect(text)
        .to.match(/SUBSETTED/)
        .and.not.match(/SUBSETTED"\},\{[^}]*SUBSETTED/);
    }
  });

  it('knows no parameter of a masked element, in the words for one that never was', async () => {
    rig.permit(set({ mask: ['gender'] }));
    const never = await ask('Practitioner?sex=female');
    for (const query of ['gender=female', 'gender:missing=true', 'gender:not=male']) {
      const answer = await ask(`Practitioner?${query}`);
      const name = query.slice(0, query.indexOf('='));
      expect(JSON.stringify(answer).replaceAll(name, 'sex').replaceAll('gender', 'sex')).to.equal(
        JSON.stringify(never),
      );
    }
    expect((await ask('Practitioner?_sort=gender')).body.issue).to.deep.equal(
      (await ask('Practitioner?_sort=sex')).body.issue,
    );
    expect((await ask('Practitioner/p1?_elements=gender')).status).to.equal(400);
    expect((await ask('PractitionerRole?practitioner.gender=female')).status).to.equal(400);
    rig.permit(set({}));
    expect((await ask('Practitioner?gender=female')).status).to.equal(200);
  });

  it('takes a token that asks by a masked element for no token at all', async () => {
    rig.permit(set({ mask: ['gender'] }));
    expect((await ask('Practitioner', 'system/Practitioner.rs?gender=female')).body).to.not.have.property('entry');
    expect((await ask('Practitioner/p1', 'system/Practitioner.rs?gender=female')).status).to.equal(404);
  });

  it('leaves, of masked registrations, the other identifiers searchable by their system', async () => {
    rig.permit(set({ mask: ['registrations'] }));
    const { body } = await ask('Practitioner/p1');
    expect(body.identifier).to.deep.equal([{ system: personSystem, value: 'p1' }]);
    expect(body).to.not.have.property('qualification');
    expect(await found(`Practitioner?identifier=${personSystem}|p1`)).to.deep.equal(['p1']);
    expect(await found(`Practitioner?identifier=${gmcSystem}|1234561`)).to.deep.equal([]);
    for (const query of ['identifier=1234561', 'identifier:missing=false', '_sort=identifier', 'identifier:text=x']) {
      expect((await ask(`Practitioner?${query}`)).status, query).to.equal(400);
    }
  });

  it('withholds sensitive staff and their roles, whether named by id or by number', async () => {
    rig.permit(set({}));
    for (const staff of [
      { person: '-', practitioners: ['p4'] },
      { person: 'p4', practitioners: [] },
    ]) {
      rig.withhold([staff]);
      expect(await found('Practitioner')).to.deep.equal(['p1', 'p2', 'p3']);
      expect(await found('PractitionerRole')).to.deep.equal(['r1', 'r2', 'r3']);
      expect(await ask('PractitionerRole/r4')).to.deep.equal(await ask('PractitionerRole/r9'));
    }
    rig.permit(set({ sensitive: true }));
    expect(await found('Practitioner')).to.have.length(4);
  });

  it('covers the audit only where it shows everybody', async () => {
    rig.permit(set({ mask: ['gender'] }));
    expect((await ask('AuditEvent', 'system/AuditEvent.rs')).status).to.equal(403);
    rig.permit(set({}));
    expect((await ask('AuditEvent', 'system/AuditEvent.rs')).status).to.equal(200);
  });
});

describe('the permission set of a client', () => {
  it('is everything where an operator made it, the least where a vendor registered itself, nothing where it is gone', () => {
    const registration = { tokenId: 't', managementHash: 'h', ceiling: 'system/*.rs' };
    expect(permissionSetOf({}, () => undefined).name).to.equal('full');
    expect(permissionSetOf({ registration }, () => undefined).mask).to.deep.equal(['birth-date', 'gender', 'contact']);
    expect(permissionSetOf({ registration, permissionSet: 'full' }, () => undefined).mask).to.deep.equal([]);
    expect(permissionSetOf({ permissionSet: 'gone' }, () => undefined).resources).to.deep.equal({});
    expect(permissionSetOf(undefined, () => undefined).resources).to.deep.equal({});
  });

  it('narrows scopes by type and interaction, a wildcard too', () => {
    const scopes = present(parseScopes('system/*.cruds system/Provenance.rs'), 'scopes');
    const left = scopesUnder(scopes, set({ resources: { '*': 'r', Practitioner: 's' } }));
    const of = (type: string) => left.filter((one) => one.type === type).flatMap((one) => one.permissions);
    expect(of('Practitioner')).to.deep.equal(['s']);
    expect(of('Location')).to.deep.equal(['r']);
    expect(of('Provenance')).to.deep.equal(['r']);
    expect(scopesUnder(scopes, set({}))).to.equal(scopes);
  });

  for (const document of [
    { mask: ['salary'] },
    { mask: ['Practitioner.id'] },
    { mask: ['Practitioner.salary'] },
    { mask: ['Basic.code'] },
    { mask: ['Patient.name'] },
    { rows: { departments: [] } },
    { rows: { wards: ['a'] } },
    { rows: { staffGroups: ['a|b|c'] } },
    { resources: { Practitioner: 'sr' } },
    { resources: { Staff: 'r' } },
    { name: 'full' },
    { name: 'Full' },
    { secret: 1 },
  ]) {
    it(`is refused as ${JSON.stringify(document)}`, () => {
      expect(() => set(document)).to.throw();
    });
  }
});
