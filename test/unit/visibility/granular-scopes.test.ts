import { expect } from 'chai';
import { present } from '../../../server/core/assert.ts';
import { bearer, type FhirRig, fhirRig } from '../../support/fhir-rig.ts';
import { people, personSystem, practitioner, role, wardDirectory } from '../../support/ward-directory.ts';

const base = '/t/rxx/fhir/v1';

describe('granular scopes', () => {
  let rig: FhirRig;

  before(async () => {
    rig = await fhirRig(['rxx']);
    await rig.put('rxx', wardDirectory);
  });
  after(() => rig.close());

  const ask = async (path: string, scope: string) => {
    const answer = await rig.app.inject({ url: `${base}/${path}`, headers: { authorization: bearer('rxx', scope) } });
    return { status: answer.statusCode, body: answer.json() };
  };
  const found = async (path: string, scope: string): Promise<readonly string[]> => {
    const { status, body } = await ask(path, scope);
    expect(status, `${path} with ${scope}: ${JSON.stringify(body)}`).to.equal(200);
    return (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id).sort();
  };
  const women = 'system/Practitioner.rs?gender=female';

  it('narrow a search before its limit, with the total and the pages of what is left', async () => {
    expect(await found('Practitioner', women)).to.deep.equal(['p1', 'p3']);
    const { body } = await ask('Practitioner?_count=1&_total=accurate', women);
    expect(body.total).to.equal(2);
    const next = body.link.find(({ relation }: { relation: string }) => relation === 'next').url;
    const page = await ask(next.slice(next.indexOf('/Practitioner') + 1), women);
    expect(page.body.entry).to.have.length(1);
    expect(page.body.link.some(({ relation }: { relation: string }) => relation === 'next')).to.equal(false);
    expect((await ask('Practitioner?_summary=count', women)).body.total).to.equal(2);
    expect((await ask('Practitioner?gender=male&_summary=count', women)).body.total).to.equal(0);
  });

  it('are a union of scopes, each the AND of its parameters', async () => {
    const two = `${women} system/Practitioner.s?family=familyp2`;
    expect(await found('Practitioner', two)).to.deep.equal(['p1', 'p2', 'p3']);
    expect(await found('Practitioner', 'system/Practitioner.s?gender=female&family=familyp3')).to.deep.equal(['p3']);
    expect(await found('Practitioner', 'system/Practitioner.s?gender=female,male')).to.have.length(3);
    expect(await found('Practitioner', `${women} system/*.s`)).to.have.length(4);
  });

  it('hide on a read what they do not cover, in the words for what never was', async () => {
    expect((await ask('Practitioner/p1', women)).status).to.equal(200);
    const hidden = await ask('Practitioner/p2', women);
    expect(hidden).to.deep.equal(await ask('Practitioner/p9', women));
    expect(hidden.status).to.equal(404);
    expect(await ask('Practitioner/p2/_history', women)).to.deep.equal(hidden);
    expect(await ask('Practitioner/p2/_history/1', women)).to.deep.equal(hidden);
    expect((await ask('Practitioner/p2', 'system/Practitioner.r?gender=female system/Practitioner.s')).status).to.equal(
      404,
    );
  });

  it('take values of every kind of parameter, percent-encoded', async () => {
    const token = encodeURIComponent(`${personSystem}|p3`);
    expect(await found('Practitioner', `system/Practitioner.rs?identifier=${token}`)).to.deep.equal(['p3']);
    expect(await found('Practitioner', 'system/Practitioner.rs?name=famil%79p4')).to.deep.equal(['p4']);
    const ofDepartment = 'system/PractitionerRole.rs?department=Organization/b';
    expect(await found('PractitionerRole', ofDepartment)).to.deep.equal(['r3']);
    expect(await found('PractitionerRole', 'system/PractitionerRole.rs?date=lt2019')).to.deep.equal([]);
    expect(await found('PractitionerRole', 'system/PractitionerRole.rs?date=ge2020-01-01')).to.have.length(4);
    expect((await ask('PractitionerRole/r3', 'system/PractitionerRole.rs?date=lt2019')).status).to.equal(404);
    expect(await found('Practitioner', 'system/Practitioner.rs?_id=p1,p2')).to.deep.equal(['p1', 'p2']);
  });

  it('narrow what comes along, what chains and _has look into, both ways', async () => {
    const roles = `${women} system/PractitionerRole.rs`;
    const included = await found('PractitionerRole?_include=PractitionerRole:practitioner', roles);
    expect(included).to.deep.equal(['p1', 'p3', 'r1', 'r2', 'r3', 'r4']);
    expect(await found('PractitionerRole?practitioner.active=true', roles)).to.deep.equal(['r1', 'r3']);
    const wards = 'system/Practitioner.rs system/PractitionerRole.rs?department=a,a1';
    expect(await found('Practitioner?_has:PractitionerRole:practitioner:active=true', wards)).to.have.length(3);
    expect(await found('Practitioner?_revinclude=PractitionerRole:practitioner', wards)).to.include('r2');
    expect(await found('Practitioner?_revinclude=PractitionerRole:practitioner', wards)).to.not.include('r3');
    const readOnly = 'system/Practitioner.rs system/PractitionerRole.r?department=a';
    expect(await found('Practitioner?_revinclude=PractitionerRole:practitioner', readOnly)).to.include('r1');
    expect((await ask('Practitioner?_has:PractitionerRole:practitioner:active=true', readOnly)).status).to.equal(403);
  });

  it('judge every version of a history by itself, a delete by what it deleted', async () => {
    const moved = { ...present(people[0], 'a person'), id: 'p8', department: 'a' };
    await rig.put('rxx', [role(moved)]);
    await rig.put('rxx', [role({ ...moved, department: 'b' })]);
    await rig.put('rxx', [role(moved)], true);
    const inWard = (ward: string) => `system/PractitionerRole.rs?department=${ward}`;
    const [inA, inB] = [inWard('a'), inWard('b')] as const;
    const versions = async (scope = '') =>
      (await ask('PractitionerRole/r8/_history', scope)).body.entry.map(
        ({ request, response }: { request: { method: string }; response: { etag: string } }) =>
          `${request.method} ${response.etag}`,
      );
    expect(await versions(inA)).to.deep.equal(['POST W/"1"']);
    expect(await versions(inB)).to.deep.equal(['DELETE W/"3"', 'PUT W/"2"']);
    expect((await ask('PractitionerRole/r8/_history', inA)).body).to.not.have.property('total');
    expect((await ask('PractitionerRole/r8', inA)).status).to.equal(404);
    expect((await ask('PractitionerRole/r8', inB)).status).to.equal(410);
    expect((await ask('PractitionerRole/r8/_history/1', inA)).status).to.equal(200);
    expect((await ask('PractitionerRole/r8/_history/2', inA)).status).to.equal(404);
    expect((await ask('PractitionerRole/r8/_history?_count=1', inA)).body.entry).to.have.length(1);
  });

  it('leave nothing in the audit of what they withhold', async () => {
    await found('PractitionerRole?_include=PractitionerRole:practitioner', `${women} system/PractitionerRole.rs`);
    expect(rig.audited.at(-1)?.disclosed.filter((one) => one.startsWith('Practitioner/'))).to.deep.equal([
      'Practitioner/p1/1',
      'Practitioner/p3/1',
    ]);
    await ask('Practitioner/p2', women);
    expect(rig.audited.at(-1)?.disclosed).to.deep.equal([]);
  });

  it('show a person who has changed as they are now', async () => {
    await rig.put('rxx', [practitioner({ id: 'p7', gender: 'female' })]);
    expect((await ask('Practitioner/p7', women)).status).to.equal(200);
    await rig.put('rxx', [practitioner({ id: 'p7', gender: 'male' })]);
    expect((await ask('Practitioner/p7', women)).status).to.equal(404);
    expect(await found('Practitioner?_id=p7', women)).to.deep.equal([]);
  });
});
