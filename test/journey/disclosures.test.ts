import { expect } from 'chai';
import { auditEntry } from '../../server/audit/row.ts';
import type { Trace } from '../../server/lineage/trace.ts';
import { type AdminRig, adminRig } from '../support/admin-rig.ts';
import { commandJson } from '../support/house-command.ts';
import { trustX } from '../support/house-open.ts';
import { smallFile } from '../support/small-files.ts';

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
});
