import { expect } from 'chai';
import { auditEntry } from '../../../server/audit/row.ts';
import { type AdminRig, adminRig } from '../../support/admin-rig.ts';
import { trustX, trustY } from '../../support/house-open.ts';
import { smallFile } from '../../support/small-files.ts';

const tenant = '/admin/v1/tenants/rxx';
const because = JSON.stringify({ reason: 'checked with the trust' });

describe('Exceptions and held files in the management API', () => {
  let rig: AdminRig;
  let token: string;

  before(async function () {
    this.timeout(60_000);
    rig = await adminRig([trustX, trustY]);
    token = await rig.token('rxx', 'admin/quarantine.read admin/quarantine.write admin/files.read');
    await rig.ingest('1.dat', smallFile('277', 1).text, 'rxx');
    await rig.ingest('2.dat', smallFile('277', 2).text.replace('ASA~1001', 'ASA~9999'), 'rxx');
    await rig.ingest('4.dat', smallFile('277', 4).text, 'rxx');
    await rig.ingest('5.dat', smallFile('277', 5).text, 'rxx');
  });
  after(() => rig.close());

  const get = (path: string) => rig.call('GET', `${tenant}/${path}`, token);
  const post = (path: string, body = because) => rig.call('POST', `${tenant}/${path}`, token, body);
  const held = async () => (await get('files?state=held')).body.files.map(({ id }: { id: string }) => id).reverse();

  it('lists exceptions and shows one with its row masked', async () => {
    const { exceptions } = (await get('exceptions?severity=error')).body;
    expect(exceptions).to.have.lengthOf(1);
    expect(exceptions[0]).to.include({ record: 'assignment/5001', rule: 'person-missing', state: 'open' });
    const { body } = await get(`exceptions/${exceptions[0].id}`);
    expect(body.row.fields).to.include({ assignmentNumber: '99999', personId: '9999' });
    expect((await get('exceptions?state=closed')).body.exceptions).to.deep.equal([]);
    expect((await get('exceptions?state=never')).status).to.equal(400);
  });

  it('says in a 409 what is still wrong with a row, and wants a reason', async () => {
    const { exceptions } = (await get('exceptions?severity=error')).body;
    const path = `exceptions/${exceptions[0].id}/release`;
    const { status, body } = await post(path);
    expect(status).to.equal(409);
    expect(body.detail).to.match(/line 3: .*not known/);
    for (const bad of ['{}', 'x', '{"reason":" "}']) expect((await post(path, bad)).status, bad).to.equal(400);
  });

  it('discards a row once', async () => {
    const { exceptions } = (await get('exceptions?severity=error')).body;
    const path = `exceptions/${exceptions[0].id}/discard`;
    expect((await post(path)).body).to.include({ state: 'discarded' });
    expect((await post(path)).status).to.equal(409);
  });

  it('releases a row once what contradicted it is discarded', async () => {
    const scope = 'admin/quarantine.read admin/quarantine.write';
    const other = await rig.token('ryy', scope);
    const [header = '', person = '', job = ''] = smallFile('431', 1).text.split('\n');
    const text = [header, person, person.replace('Name1', 'Other'), job, 'TRL~5', ''].join('\n');
    await rig.ingest('1.dat', text, 'ryy');
    const place = '/admin/v1/tenants/ryy/exceptions';
    const { exceptions } = (await rig.call('GET', `${place}?severity=error`, other)).body;
    const [first, second] = exceptions;
    expect((await rig.call('POST', `${place}/${second.id}/discard`, other, because)).status).to.equal(200);
    const { status, body } = await rig.call('POST', `${place}/${first.id}/release`, other, because);
    expect(status).to.equal(200);
    expect(body).to.include({ id: first.id, state: 'released' });
  });

  it('previews a held file in a process of its own, releases it, and discards another', async function () {
    this.timeout(60_000);
    const [first, second] = await held();
    const { status, body } = await get(`files/${first}/preview`);
    expect(status).to.equal(200);
    expect(body).to.include({ file: first, created: 0, removed: 0, complete: true });
    expect(body.changed).to.be.greaterThan(0);
    expect((await post(`files/${second}/discard`)).body).to.include({ state: 'discarded' });
    const released = await post(`files/${first}/release`);
    expect(released.status).to.equal(202);
    await rig.work('rxx');
    expect((await get(`files/${first}`)).body).to.include({ state: 'applied', changed: body.changed });
    expect((await post(`files/${first}/release`)).status).to.equal(409);
    expect((await get(`files/${first}/preview`)).status).to.equal(409);
  });

  it('leaves a steward’s decision in the audit twice: as a request and with the change itself', async () => {
    await rig.server.carryAudit();
    const rows = await rig.store('rxx').audit.scan({ descending: false, count: 1000 });
    const released = rows
      .map(({ bytes }) => auditEntry(bytes))
      .filter(({ interaction, outcome }) =>
        interaction === 'release-file' ? outcome === 0 : interaction === 'file-release',
      );
    expect(released.map(({ interaction, kind, reason }) => [interaction, kind, reason])).to.have.deep.members([
      ['file-release', 'admin', 'checked with the trust'],
      ['release-file', 'admin', 'checked with the trust'],
    ]);
    const told = new Set(released.map(({ client, correlationId }) => `${client} ${correlationId}`));
    expect(told.size, 'one client, one correlation id').to.equal(1);
  });

  it('answered every one of these operations as its OpenAPI document promises', () => {
    expect([...rig.api.answered]).to.include.members([
      ...['list-exceptions', 'read-exception', 'release-exception', 'discard-exception'],
      ...['preview-file', 'release-file', 'discard-file'],
    ]);
  });
});
