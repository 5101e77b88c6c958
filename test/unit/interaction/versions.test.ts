import { expect } from 'chai';
import { bearer, type FhirRig, fhirRig, publicUrl } from '../../support/fhir-rig.ts';

const authorization = bearer('rxx', 'system/*.rs');
const base = '/t/rxx/fhir/v1';

describe('interaction/read, vread, history-instance', () => {
  let rig: FhirRig;

  before(async () => {
    rig = await fhirRig(['rxx']);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'p1', active: true }]);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'p1', active: false }]);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'p2' }]);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'p2' }], true);
  });
  after(() => rig.close());

  const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    rig.app.inject({ url: `${base}/${path}`, headers: { authorization, ...headers } });

  it('reads the newest version and any older one', async () => {
    expect((await ask('Practitioner/p1')).json()).to.deep.include({ active: false });
    const first = await ask('Practitioner/p1/_history/1');
    expect(first.json()).to.deep.include({ active: true });
    expect(first.headers.etag).to.equal('W/"1"');
  });

  it('reads a part by _elements and _summary, under the same version', async () => {
    const part = await ask('Practitioner/p1?_elements=name');
    expect(part.headers.etag).to.equal('W/"2"');
    expect(part.json().meta).to.deep.include({ versionId: '2' });
    expect(part.json().meta.tag).to.have.length(1);
    expect(part.json()).to.not.have.property('active');
    expect((await ask('Practitioner/p1?_format=json&_summary=true')).json()).to.deep.include({ active: false });
    expect((await ask('Practitioner/p1/_history/1?_summary=text')).json()).to.have.all.keys([
      'resourceType',
      'id',
      'meta',
    ]);
    expect((await ask('Practitioner/p1?_summary=false')).body).to.equal((await ask('Practitioner/p1')).body);
    expect((await ask('Practitioner/p1?_summary=true', { 'if-none-match': 'W/"2"' })).statusCode).to.equal(304);
  });

  for (const query of ['_elements=shoe', '_summary=count', '_summary=x', '_elements=name&_summary=true']) {
    it(`refuses a read with ${query}`, async () => {
      expect((await ask(`Practitioner/p1?${query}`)).statusCode).to.equal(400);
      expect((await ask(`Practitioner/p1?${query}&${query}`)).statusCode).to.equal(400);
    });
  }

  it('drops unknown parameters of a history where the client is lenient', async () => {
    const lenient = { prefer: 'handling=lenient' };
    expect((await ask('Practitioner/p1/_history?shoe=1')).statusCode).to.equal(400);
    expect((await ask('Practitioner/p1/_history?shoe=1', lenient)).json().total).to.equal(2);
    expect((await ask('Practitioner/p1/_history?_count=x', lenient)).statusCode).to.equal(400);
  });

  it('says 404 for versions that never were', async () => {
    for (const version of ['3', '0', '-1', '01', 'x', '99999999999']) {
      expect((await ask(`Practitioner/p1/_history/${version}`)).statusCode, version).to.equal(404);
    }
  });

  it('says 410 for what was deleted and keeps its history', async () => {
    expect((await ask('Practitioner/p2')).statusCode).to.equal(410);
    expect((await ask('Practitioner/p2')).json().issue[0].code).to.equal('deleted');
    expect((await ask('Practitioner/p2/_history/2')).statusCode).to.equal(410);
    expect((await ask('Practitioner/p2/_history/1')).statusCode).to.equal(200);
    const history = (await ask('Practitioner/p2/_history')).json();
    expect(history).to.deep.include({ type: 'history', total: 2 });
    expect(history.entry[0]).to.not.have.property('resource');
    expect(history.entry[0]).to.deep.include({ request: { method: 'DELETE', url: 'Practitioner/p2' } });
    expect(history.entry[1].response).to.deep.include({ status: '201', etag: 'W/"1"' });
    expect(rig.audited.at(-1)?.disclosed).to.deep.equal(['Practitioner/p2/1']);
  });

  it('answers 304 to the holder of the version', async () => {
    const same: readonly Readonly<Record<string, string>>[] = [
      { 'if-none-match': 'W/"2"' },
      { 'if-none-match': '"9", "2"' },
      { 'if-none-match': '*' },
      { 'if-modified-since': 'Mon, 23 Nov 2026 12:00:01 GMT' },
    ];
    for (const headers of same) {
      const response = await ask('Practitioner/p1', headers);
      expect(response.statusCode, JSON.stringify(headers)).to.equal(304);
      expect(response.body).to.equal('');
      expect(response.headers.etag).to.equal('W/"2"');
    }
    const other: readonly Readonly<Record<string, string>>[] = [
      { 'if-none-match': 'W/"1"' },
      { 'if-none-match': 'W/"1"', 'if-modified-since': 'Mon, 23 Nov 2099 12:00:00 GMT' },
      { 'if-modified-since': 'Mon, 23 Nov 2026 12:00:00 GMT' },
      { 'if-modified-since': 'yesterday' },
    ];
    for (const headers of other) {
      expect((await ask('Practitioner/p1', headers)).statusCode, JSON.stringify(headers)).to.equal(200);
    }
  });

  it('pages through a history by signed links', async () => {
    const first = (await ask('Practitioner/p1/_history?_count=1')).json();
    expect(first.total).to.equal(2);
    expect(first.entry[0].resource.meta.versionId).to.equal('2');
    const next =
      (first.link as readonly { relation: string; url: string }[]).find((one) => one.relation === 'next')?.url ?? '';
    const path = next.slice(publicUrl.length + base.length + 1);
    const second = (await ask(path)).json();
    expect(second.entry).to.have.length(1);
    expect(second.entry[0].resource.meta.versionId).to.equal('1');
    expect(second.link).to.have.length(1);
    expect((await ask(path.replace('/p1/', '/p2/'))).statusCode).to.equal(400);
  });

  it('takes _since, and refuses parameters that it does not know', async () => {
    expect((await ask('Practitioner/p1/_history?_since=2026-11-23T12:00:01Z')).json().entry).to.have.length(1);
    expect((await ask('Practitioner/p1/_history?_since=2027-01-01')).json()).to.not.have.property('entry');
    expect((await ask('Practitioner/p1/_history?_at=2027')).statusCode).to.equal(400);
    expect((await ask('Practitioner/p1/_history?_count=0')).statusCode).to.equal(400);
  });
});
