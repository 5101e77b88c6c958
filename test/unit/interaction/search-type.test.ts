import { expect } from 'chai';
import { bearer, type FhirRig, fhirRig, publicUrl, type TestResource } from '../../support/fhir-rig.ts';

const all = bearer('rxx', 'system/*.rs');
const base = `${publicUrl}/t/rxx/fhir/v1`;

interface Bundle {
  readonly type: string;
  readonly total?: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly {
    readonly fullUrl: string;
    readonly resource: TestResource;
    readonly search: { readonly mode: string };
  }[];
}

const ids = ({ entry }: Bundle) => (entry ?? []).map(({ resource }) => resource.id);
const link = (bundle: Bundle, relation: string) => bundle.link.find((one) => one.relation === relation)?.url;

describe('interaction/search-type', () => {
  let rig: FhirRig;

  before(async () => {
    rig = await fhirRig(['rxx', 'ryy']);
    const organization = (id: string, more: object = {}) => ({
      resourceType: 'Organization',
      id,
      active: true,
      ...more,
    });
    const role = (id: string, practitioner: string, organizationId: string) => ({
      resourceType: 'PractitionerRole',
      id,
      active: true,
      practitioner: { reference: `Practitioner/${practitioner}` },
      organization: { reference: `Organization/${organizationId}`, identifier: { system: 'urn:ods', value: 'RXX' } },
    });
    await rig.put('rxx', [
      organization('o1', { name: 'Trust', identifier: [{ system: 'urn:ods', value: 'RXX' }] }),
      organization('o2', { name: 'Ward', partOf: { reference: 'Organization/o1' } }),
    ]);
    for (let at = 1; at <= 5; at++) {
      await rig.put('rxx', [{ resourceType: 'Practitioner', id: `p${at}`, name: [{ family: `Siôn${at}` }] }]);
    }
    await rig.put('rxx', [role('r1', 'p1', 'o1'), role('r2', 'p1', 'o2'), role('r3', 'p2', 'gone')]);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'deleted' }]);
    await rig.put('rxx', [{ resourceType: 'Practitioner', id: 'deleted' }], true);
    await rig.put('ryy', [{ resourceType: 'Practitioner', id: 'p1', name: [{ family: 'Other' }] }]);
  });
  after(() => rig.close());

  async function ask(path: string, authorization = all, headers: Readonly<Record<string, string>> = {}) {
    const url = path.startsWith(publicUrl) ? path.slice(publicUrl.length) : `/t/rxx/fhir/v1/${path}`;
    return rig.app.inject({ url, headers: { authorization, ...headers } });
  }

  async function search(path: string, authorization = all): Promise<Bundle> {
    const response = await ask(path, authorization);
    expect(response.statusCode, `${path}: ${response.body}`).to.equal(200);
    return response.json();
  }

  it('makes a searchset of stored bytes, without the deleted', async () => {
    const bundle = await search('Practitioner?family=sion');
    expect(bundle).to.deep.include({ resourceType: 'Bundle', type: 'searchset', total: 5 });
    expect(ids(bundle)).to.deep.equal(['p1', 'p2', 'p3', 'p4', 'p5']);
    expect(bundle.entry?.[0]).to.deep.include({ fullUrl: `${base}/Practitioner/p1`, search: { mode: 'match' } });
    expect(link(bundle, 'self')).to.equal(`${base}/Practitioner?family=sion`);
    expect(link(bundle, 'next')).to.equal(undefined);
  });

  it('leaves entry out of an empty Bundle', async () => {
    expect(await search('Practitioner?family=nobody')).to.not.have.property('entry');
    expect((await search('Practitioner?_id=deleted')).total).to.equal(0);
  });

  for (const sort of ['_lastUpdated', '-_lastUpdated', '_id', '-_id']) {
    it(`pages through everything once by ${sort}`, async () => {
      const seen: string[] = [];
      let next: string | undefined = `Practitioner?_sort=${sort}&_count=2`;
      let pages = 0;
      while (next !== undefined) {
        const bundle: Bundle = await search(next);
        seen.push(...ids(bundle));
        next = link(bundle, 'next');
        pages++;
      }
      const order = ['p1', 'p2', 'p3', 'p4', 'p5'];
      expect(seen).to.deep.equal(sort.startsWith('-') ? order.toReversed() : order);
      expect(pages).to.equal(3);
    });
  }

  it('takes a page link from its own client, tenant and search alone', async () => {
    const next = link(await search('Practitioner?_count=2'), 'next') ?? '';
    expect((await ask(next)).statusCode).to.equal(200);
    const token = next.slice(next.indexOf('_page=') + 6);
    const other = bearer('ryy', 'system/*.rs');
    expect((await ask(next, bearer('rxx', 'system/*.rs', 'c2'))).statusCode).to.equal(400);
    expect((await ask(next.replace('/rxx/', '/ryy/'), other)).statusCode).to.equal(400);
    expect((await ask(next.replace('_count=2', '_count=3'))).statusCode).to.equal(400);
    expect((await ask(`Organization?_count=2&_page=${token}`)).statusCode).to.equal(400);
    expect((await ask(next.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))).statusCode).to.equal(400);
    expect((await ask(`${next}&_page=${token}`)).statusCode).to.equal(400);
  });

  it('counts without entries for _summary=count and _count=0, and beside them for _total', async () => {
    for (const query of ['_summary=count', '_count=0']) {
      const bundle = await search(`Practitioner?${query}`);
      expect(bundle.total).to.equal(5);
      expect(bundle).to.not.have.property('entry');
      expect(link(bundle, 'next')).to.equal(undefined);
    }
    expect(await search('Practitioner?_count=2')).to.not.have.property('total');
    expect((await search('Practitioner?_count=2&_total=accurate')).total).to.equal(5);
  });

  it('follows chains of one step and :identifier', async () => {
    expect(ids(await search('PractitionerRole?organization.identifier=urn:ods|RXX'))).to.deep.equal(['r1']);
    expect(ids(await search('PractitionerRole?organization:identifier=urn:ods|RXX'))).to.have.length(3);
    expect(ids(await search('PractitionerRole?organization.partof=o1'))).to.deep.equal(['r2']);
    expect(ids(await search('PractitionerRole?practitioner.family=si%C3%B4n1'))).to.deep.equal(['r1', 'r2']);
    expect(ids(await search('Practitioner?_has:PractitionerRole:practitioner:organization=o2'))).to.deep.equal(['p1']);
  });

  it('includes forward and in reverse, each once, without counting them', async () => {
    const forward = await search(
      'PractitionerRole?_include=PractitionerRole:practitioner&_include=PractitionerRole:organization',
    );
    expect(ids(forward)).to.have.members(['r1', 'r2', 'r3', 'p1', 'p2', 'o1', 'o2']);
    expect(forward.total).to.equal(3);
    expect(forward.entry?.map(({ search: { mode } }) => mode)).to.deep.equal([
      ...Array(3).fill('match'),
      ...Array(4).fill('include'),
    ]);
    const reverse = await search('Practitioner?_id=p1&_revinclude=PractitionerRole:practitioner');
    expect(ids(reverse)).to.deep.equal(['p1', 'r1', 'r2']);
    const self = await search('Organization?_include=Organization:partof');
    expect(ids(self)).to.deep.equal(['o1', 'o2']);
  });

  it('records matches and includes as disclosed', async () => {
    await search('Practitioner?_id=p1&_revinclude=PractitionerRole:practitioner');
    expect(rig.audited.at(-1)?.disclosed).to.deep.equal([
      'Practitioner/p1/1',
      'PractitionerRole/r1/1',
      'PractitionerRole/r2/1',
    ]);
  });

  it('leaves included types without a scope out, silently', async () => {
    const narrow = bearer('rxx', 'system/PractitionerRole.rs system/Organization.s');
    const bundle = await search(
      'PractitionerRole?_id=r1&_include=PractitionerRole:practitioner&_include=PractitionerRole:organization',
      narrow,
    );
    expect(ids(bundle)).to.deep.equal(['r1', 'o1']);
    const reverse = await search('Organization?_id=o1&_revinclude=Location:organization', narrow);
    expect(ids(reverse)).to.deep.equal(['o1']);
  });

  it('reaches nothing through an included type without a scope', async () => {
    const wanted =
      'PractitionerRole?_id=r2&_include=PractitionerRole:practitioner&_include:iterate=PractitionerRole:organization' +
      '&_include:iterate=Organization:partof&_revinclude:iterate=PractitionerRole:practitioner';
    expect(ids(await search(wanted))).to.have.members(['r2', 'p1', 'o2', 'o1', 'r1']);
    const noOrganization = bearer('rxx', 'system/PractitionerRole.rs system/Practitioner.r');
    expect(ids(await search(wanted, noOrganization))).to.have.members(['r2', 'p1', 'r1']);
    const noPractitioner = bearer('rxx', 'system/PractitionerRole.rs system/Organization.r');
    expect(ids(await search(wanted, noPractitioner))).to.have.members(['r2', 'o2', 'o1']);
  });

  it('shows no value of the last match in a page link', async () => {
    const next = link(await search('Practitioner?_sort=family&_count=2'), 'next') ?? '';
    const token = next.slice(next.indexOf('_page=') + 6);
    expect(Buffer.from(token, 'base64url').toString('latin1')).to.not.include('sion');
    expect(ids(await search(next))).to.deep.equal(['p3', 'p4']);
  });

  it('refuses chains and reverse chains into types without the search scope', async () => {
    const narrow = bearer('rxx', 'system/PractitionerRole.rs system/Organization.r');
    for (const query of ['practitioner.family=x', 'organization.name=x']) {
      const response = await ask(`PractitionerRole?${query}`, narrow);
      expect(response.statusCode, query).to.equal(403);
      expect(response.headers['www-authenticate']).to.contain('insufficient_scope');
    }
    const reverse = await ask(
      'Practitioner?_has:PractitionerRole:practitioner:active=true',
      bearer('rxx', 'system/Practitioner.rs'),
    );
    expect(reverse.statusCode).to.equal(403);
  });

  it('names every unknown parameter in a 400, and drops them where the client is lenient', async () => {
    const strict = await ask('Practitioner?shoe=1&family:sounds=x');
    expect(strict.statusCode).to.equal(400);
    const issues = strict.json().issue as readonly { code: string; expression: readonly string[] }[];
    expect(issues.map(({ code, expression }) => [code, ...expression])).to.deep.equal([
      ['not-supported', 'shoe'],
      ['not-supported', 'family:sounds'],
    ]);
    const lenient = await ask('Practitioner?shoe=1&family=sion', all, { prefer: 'handling=lenient' });
    expect(link(lenient.json(), 'self')).to.equal(`${base}/Practitioner?family=sion`);
  });
});
