import { expect } from 'chai';
import { AppError } from '../../../server/core/error.ts';
import type { TracePageRequest, TraceParameter, TraceReader } from '../../../server/interaction/trace-reader.ts';
import { bearer, type FhirRig, fhirRig, publicUrl } from '../../support/fhir-rig.ts';

const base = '/t/rxx/fhir/v1';
const authorization = bearer('rxx', 'system/AuditEvent.rs system/Provenance.rs');

/** A reader over five fixed resources that writes down what it was asked. */
function reader(asked: unknown[]): TraceReader {
  const resources = [1, 2, 3, 4, 5].map((n) => ({ resourceType: 'AuditEvent', id: `a${n}` }));
  return {
    async searchProvenance(targets, page) {
      asked.push(targets, page);
      return { resources: [{ resourceType: 'Provenance', id: 'v1' }] };
    },
    readProvenance: async (id) => (id === 'v1' ? { resourceType: 'Provenance', id } : undefined),
    async searchAudit(parameters: readonly TraceParameter[], page: TracePageRequest) {
      asked.push(parameters, page);
      if (parameters.some(({ name }) => name === 'shoe')) throw new AppError('unknown-parameter', 'no "shoe"');
      const start = page.after === undefined ? 0 : Number(page.after);
      const end = start + page.count;
      return { resources: resources.slice(start, end), ...(end < 5 ? { next: String(end) } : {}) };
    },
    readAudit: async (id) => resources.find((one) => one.id === id),
  };
}

describe('interaction/audit-event and provenance', () => {
  let rig: FhirRig;
  const asked: unknown[] = [];
  before(async () => {
    rig = await fhirRig(['rxx'], { trace: () => reader(asked) });
  });
  beforeEach(() => asked.splice(0));
  after(() => rig.close());

  const ask = (path: string) => rig.app.inject({ url: `${base}/${path}`, headers: { authorization } });

  it('reads one, or says 404', async () => {
    expect((await ask('AuditEvent/a1')).json()).to.deep.equal({ resourceType: 'AuditEvent', id: 'a1' });
    expect((await ask('Provenance/v1')).statusCode).to.equal(200);
    expect((await ask('AuditEvent/nope')).statusCode).to.equal(404);
    expect((await ask('Provenance/nope')).statusCode).to.equal(404);
  });

  it('hands parameters on, values unescaped', async () => {
    await ask('AuditEvent?date=ge2026-01-01&agent:identifier=a%5C,b,c&_count=2&_format=json');
    expect(asked).to.deep.equal([
      [
        { name: 'date', values: ['ge2026-01-01'] },
        { name: 'agent', modifier: 'identifier', values: ['a,b', 'c'] },
      ],
      { count: 2 },
    ]);
    expect((await ask('AuditEvent?shoe=1')).statusCode).to.equal(400);
  });

  it('drops unknown parameters where the client is lenient, never those that are wrong', async () => {
    const lenient = { authorization, prefer: 'handling=lenient' };
    const get = (path: string) => rig.app.inject({ url: `${base}/${path}`, headers: lenient });
    const answer = await get('AuditEvent?shoe=1&_count=2&agent.name=x&_sort=-date');
    expect(answer.json().link[0].url).to.equal(`${publicUrl}${base}/AuditEvent?_count=2&_sort=-date`);
    expect(asked).to.deep.equal([[{ name: '_sort', values: ['-date'] }], { count: 2 }]);
    expect((await get('Provenance?target=Practitioner/p1&agent=x')).statusCode).to.equal(200);
    for (const path of ['AuditEvent?_count=x', 'AuditEvent?date=', 'Provenance?agent=x', 'Provenance?target=p1']) {
      expect((await get(path)).statusCode, path).to.equal(400);
    }
  });

  it('names in the CapabilityStatement what it is searched by', async () => {
    const { rest } = (await rig.app.inject({ url: `${base}/metadata` })).json();
    const resources = rest[0].resource as { type: string; searchParam: { name: string; definition: string }[] }[];
    const found = resources.find(({ type }) => type === 'AuditEvent')?.searchParam ?? [];
    expect(found).to.deep.include({
      name: '_lastUpdated',
      definition: 'http://hl7.org/fhir/SearchParameter/Resource-lastUpdated',
      type: 'date',
    });
    expect(found.map(({ name }) => name)).to.include.members(['_id', 'date', 'entity', 'agent']);
  });

  it('pages by signed links', async () => {
    const seen: string[] = [];
    let path: string | undefined = 'AuditEvent?_count=2';
    while (path !== undefined) {
      const bundle: { entry: { resource: { id: string } }[]; link: { relation: string; url: string }[] } = (
        await ask(path)
      ).json();
      seen.push(...bundle.entry.map(({ resource }) => resource.id));
      path = bundle.link.find((one) => one.relation === 'next')?.url.slice(publicUrl.length + base.length + 1);
    }
    expect(seen).to.deep.equal(['a1', 'a2', 'a3', 'a4', 'a5']);
    expect((await ask('AuditEvent?_count=2&_page=abc')).statusCode).to.equal(400);
  });

  it('searches Provenance by target below this base alone', async () => {
    const absolute = `${publicUrl}${base}/Practitioner/p2/_history/3`;
    await ask(`Provenance?target=Practitioner/p1,${absolute}`);
    expect(asked[0]).to.deep.equal(['Practitioner/p1', 'Practitioner/p2/_history/3']);
    for (const query of [
      '',
      'target=https://elsewhere.example/Practitioner/1',
      'target=p1',
      'agent=x',
      'target=A/1&target=B/2',
    ]) {
      expect((await ask(`Provenance?${query}`)).statusCode, query).to.equal(400);
    }
  });
});
