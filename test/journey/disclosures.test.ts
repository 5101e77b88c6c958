import type { AuditEvent, Bundle } from '@medplum/fhirtypes';
import { expect } from 'chai';
import { auditEntry } from '../../server/audit/row.ts';
import { present } from '../../server/core/assert.ts';
import type { Trace } from '../../server/lineage/trace.ts';
import { type AdminRig, adminRig } from '../support/admin-rig.ts';
import { commandJson } from '../support/house-command.ts';
import { trustX } from '../support/house-open.ts';
import { smallFile } from '../support/small-files.ts';
import { subscriptionTo } from '../support/subscription-client.ts';
import { balpViolations } from '../unit/audit/balp.ts';

const base = '/t/rxx/fhir/v1';

interface Reader {
  readonly client: string;
  get(
    path: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly text: string }>;
}

describe('Who read a person', () => {
  let rig: AdminRig;
  /** The resource that is read, `Practitioner/ID`. */
  let person: string;
  before(async () => {
    rig = await adminRig([trustX]);
    for (const sequence of [1, 2]) {
      const { name, text } = smallFile('277', sequence);
      await rig.ingest(name, text);
    }
    const { matches } = await rig.store('rxx').resources.search({
      ...{ contract: 'v1', type: 'Practitioner', where: { is: 'all' }, count: 1, total: false },
      sort: { by: 'id', descending: false },
    });
    person = `Practitioner/${matches[0]?.id}`;
  });
  after(() => rig.close());

  const reader = async (scope: string): Promise<Reader> => {
    const token = await rig.token('rxx', scope);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { client_id: string };
    return {
      client: claims.client_id,
      async get(path, headers = {}) {
        const authorization = `Bearer ${token}`;
        const answer = await fetch(`${rig.url}${base}/${path}`, { headers: { authorization, ...headers } });
        return { status: answer.status, text: await answer.text() };
      },
    };
  };

  it('is told by lineage for a search, an _include, a _history and a vread; not for a 304 or a denial', async function () {
    this.timeout(60_000);
    const wanted: [string, string, string][] = [];
    const expectRead = async (path: string, interaction: string, ...versions: number[]) => {
      const one = await reader('system/Practitioner.rs system/PractitionerRole.rs');
      expect((await one.get(path)).status, path).to.equal(200);
      wanted.push([one.client, interaction, versions.map((version) => `${person}/${version}`).join(' ')]);
    };
    await expectRead('Practitioner?family=Name2', 'search-type', 2);
    await expectRead('PractitionerRole?_include=PractitionerRole:practitioner', 'search-type', 2);
    await expectRead(`${person}/_history`, 'history-instance', 2, 1);
    await expectRead(`${person}/_history/1`, 'vread', 1);
    await expectRead(person, 'read', 2);

    const seen = await reader('system/Practitioner.rs');
    expect((await seen.get(person, { 'if-none-match': 'W/"2"' })).status).to.equal(304);
    expect((await seen.get('Practitioner?family=Nobody')).status).to.equal(200);
    expect((await seen.get('Practitioner?_summary=count')).status).to.equal(200);
    const denied = await reader('system/Organization.rs');
    expect((await denied.get(person)).status).to.equal(403);
    expect((await denied.get(`${person}/_history`)).status).to.equal(403);
    // An include of a type that the token does not cover is left out, and so is its reader.
    const roles = await reader('system/PractitionerRole.rs');
    const included = await roles.get('PractitionerRole?_include=PractitionerRole:practitioner');
    expect(included.text).not.to.include('"resourceType":"Practitioner",');

    const trace = (await commandJson(rig.data, 'lineage', '--tenant', 'rxx', '--resource', person)) as Trace;
    const told = trace.reads.map(({ client, interaction, versions }) => [client, interaction, versions.join(' ')]);
    expect(told).to.have.deep.members(wanted);
    // That the operator asked is on record, and is no disclosure to a client.
    const left = await rig.store('rxx').outbox.audits(10);
    expect(left.map(({ row }) => auditEntry(row)).map(({ interaction, id }) => `${interaction} ${id}`)).to.include(
      `lineage ${person.split('/')[1]}`,
    );
  });

  it('is told to an auditor by AuditEvent, refused attempts included, and the auditor is on record too', async () => {
    const auditor = await reader('system/AuditEvent.rs');
    const denied = await reader('system/Organization.rs');
    await denied.get(person);
    const search = `AuditEvent?entity=${person}&agent=${denied.client}`;
    const { status, text } = await auditor.get(search);
    expect(status).to.equal(200);
    const [found] = (JSON.parse(text) as { entry: { resource: { outcome: string; id: string } }[] }).entry;
    expect(found?.resource.outcome).to.equal('4');
    const read = await auditor.get(`AuditEvent/${found?.resource.id}`);
    expect(read.status).to.equal(200);
    const own = await auditor.get(`AuditEvent?agent=${auditor.client}&entity-type=AuditEvent`);
    const events = (JSON.parse(own.text) as { entry: { resource: { entity: { what?: { reference?: string } }[] } }[] })
      .entry;
    const shown = events.flatMap(({ resource }) => resource.entity.map(({ what }) => what?.reference));
    expect(shown).to.include(`AuditEvent/${found?.resource.id}/_history/1`);
    const other = await reader('system/*.rs');
    expect((await other.get('AuditEvent')).status, 'a wildcard is no right to audit').to.equal(403);
  });

  it('is rendered to the letter of BALP, whatever was done: each of its patterns by what a client did here', async () => {
    const token = await rig.token('rxx', 'system/*.rs system/Subscription.cruds');
    const ask = async (method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`${rig.url}${base}/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, id: text === '' ? '' : (JSON.parse(text) as { id: string }).id, answer };
    };
    const off = { ...subscriptionTo('https://hook.example/'), status: 'off' };
    const { id } = await ask('POST', 'Subscription', off);
    const minimal = await ask('POST', 'Subscription', off, { prefer: 'return=minimal' });
    expect([minimal.status, minimal.id]).to.deep.equal([201, '']);
    const quiet = present(/Subscription\/([^/]+)/.exec(minimal.answer.headers.get('location') ?? '')?.[1], 'an id');
    await ask('PUT', `Subscription/${id}`, { ...off, id, reason: 'Other changes' });
    const patch = [{ op: 'replace', path: '/reason', value: 'More changes' }] as unknown as object;
    await ask('PATCH', `Subscription/${id}`, patch, { 'content-type': 'application/json-patch+json' });
    await ask('DELETE', `Subscription/${id}`);
    for (const path of [
      person,
      `${person}/_history/1`,
      `${person}/_history`,
      'Practitioner?family=Name2',
      'metadata',
    ]) {
      expect((await ask('GET', path)).status, path).to.equal(200);
    }
    expect((await ask('GET', 'Practitioner/nobody')).status).to.equal(404);
    expect((await ask('GET', 'AuditEvent')).status).to.equal(403);
    const auditor = await reader('system/AuditEvent.rs');
    const events: AuditEvent[] = [];
    const next = ({ link = [] }: Bundle) => link.find(({ relation }) => relation === 'next')?.url;
    for (let path: string | undefined = 'AuditEvent?_count=50'; path !== undefined; ) {
      const bundle = JSON.parse((await auditor.get(path)).text) as Bundle;
      events.push(...(bundle.entry ?? []).map(({ resource }) => resource as AuditEvent));
      path = next(bundle)?.replace(/^.*\/fhir\/v1\//, '');
    }
    for (const event of events) expect(balpViolations(event), JSON.stringify(event)).to.deep.equal([]);
    const claimed = new Set(
      events.flatMap(({ meta }) => meta?.profile ?? []).map((url) => url.replace(/^.*BasicAudit\./, '')),
    );
    const patterns = ['Create', 'Read', 'Update', 'Delete', 'Query', 'OAUTHaccessTokenUse.Comprehensive'];
    expect([...claimed].sort()).to.deep.equal(patterns.sort());
    const of = (interaction: string, about: string) =>
      events.filter(
        ({ subtype, entity }) =>
          subtype?.[0]?.code === interaction && JSON.stringify(entity).includes(`"Subscription/${about}`),
      );
    for (const [interaction, about] of [
      ...[
        ['create', id],
        ['create', quiet],
        ['update', id],
        ['patch', id],
        ['delete', id],
      ],
    ] as const) {
      const [event, ...more] = of(interaction, about);
      expect([event?.outcome, more.length], `${interaction} ${about}`).to.deep.equal(['0', 0]);
      expect(event?.meta?.profile?.length, `${interaction} ${about}`).to.equal(2);
    }
    // Refused attempts are there, follow the pattern and claim none.
    const refused = events.filter(({ outcome }) => outcome === '4');
    expect(refused.length).to.be.at.least(2);
    for (const { meta, outcomeDesc } of refused) {
      expect([meta?.profile, outcomeDesc === undefined]).to.deep.equal([undefined, false]);
    }
  }).timeout(60_000);

  it('is searched by every parameter that BALP and R4 name, and by the request id of a client', async () => {
    const auditor = await reader('system/AuditEvent.rs');
    const rota = await reader('system/Practitioner.rs');
    await rota.get(person, { 'x-request-id': 'rota-request-7' });
    const found = async (query: string) => {
      const { status, text } = await auditor.get(`AuditEvent?${query}`);
      expect(status, `${query} ${text}`).to.equal(200);
      return (JSON.parse(text) as Bundle).entry?.length ?? 0;
    };
    const day = new Date().toISOString().slice(0, 10);
    const own = `agent=${rota.client}&type=rest`;
    for (const [yes, no] of [
      ...[
        [`date=ge${day}`, 'date=lt2020'],
        [`_lastUpdated=ge${day}`, '_lastUpdated=lt2020'],
        ['action=R', 'action=C'],
      ],
      ...[
        ['outcome=0', 'outcome=8'],
        ['type=rest', 'type=110114'],
        ['subtype=read', 'subtype=vread'],
        ['source=rxx', 'source=ryy'],
      ],
      ...[
        [`entity=${person}`, 'entity=Practitioner/nobody'],
        ['entity-type=2', 'entity-type=Location'],
      ],
      ['entity:identifier=rota-request-7', 'entity:identifier=rota-request-8'],
    ] as const) {
      expect([await found(`${own}&${yes}`), await found(`${own}&${no}`)], yes).to.deep.equal([1, 0]);
    }
    expect((await auditor.get('AuditEvent?patient=x')).status).to.equal(400);
  });
});
