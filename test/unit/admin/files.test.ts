import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type AdminRig, adminRig } from '../../support/admin-rig.ts';
import { trustX, trustY } from '../../support/house-open.ts';
import { smallFile } from '../../support/small-files.ts';
import { zipBytes } from '../../support/zip-bytes.ts';

const base = '/admin/v1/tenants/rxx/files';

describe('Files in the management API', () => {
  let rig: AdminRig;
  let token: string;

  before(async () => {
    rig = await adminRig([trustX, trustY]);
    token = await rig.token('rxx', 'admin/files.read admin/files.write');
  });
  after(() => rig.close());

  const upload = (name: string, bytes: string | Buffer) => rig.call('POST', `${base}?name=${name}`, token, bytes);
  const read = async (id: string) => (await rig.call('GET', `${base}/${id}`, token)).body;

  it('takes a file at once and tells later what became of it', async () => {
    const { status, body } = await upload('first.dat', smallFile('277', 1).text);
    expect(status).to.equal(202);
    expect(body).to.include({ name: 'first.dat', tenant: 'rxx', state: 'received' });
    expect((await read(body.id)).source).to.match(/^upload by c_/);
    await rig.work('rxx');
    const file = await read(body.id);
    expect(file).to.include({ id: body.id, state: 'applied', rows: 2, created: 3, quarantined: 0 });
    expect(file).to.not.have.property('checkpoint');
  });

  it('says so when the same bytes come again, and does nothing', async () => {
    const { status, body } = await upload('again.dat', smallFile('277', 1).text);
    expect(status).to.equal(202);
    expect(body).to.include({ name: 'first.dat', state: 'applied' });
    expect(body.reason).to.match(/on the ledger already/);
  });

  it('unpacks gzip data on the way in', async () => {
    const { body } = await upload('second.dat.gz', gzipSync(smallFile('277', 2).text));
    expect(body.name).to.equal('second.dat');
    await rig.work('rxx');
    expect(await read(body.id)).to.include({ state: 'applied', sequence: 2 });
  });

  it('unpacks a zip archive into files of its own', async () => {
    const members = [4, 3].map((n) => ({ name: `${n}.dat`, bytes: Buffer.from(smallFile('277', n).text) }));
    const { body } = await upload('both.zip', zipBytes(members));
    await rig.work('rxx');
    expect(await read(body.id)).to.include({ state: 'applied', format: 'zip' });
    const { files } = (await rig.call('GET', `${base}?state=applied`, token)).body;
    expect(files.map((file: { name: string }) => file.name)).to.include.members(['3.dat', '4.dat', 'both.zip']);
    await rig.work('rxx');
    expect((await rig.call('GET', base, token)).body.files).to.have.lengthOf(5);
  });

  it('rejects another tenant’s file, damaged archives and archives in archives, and keeps no bytes', async () => {
    const { body } = await upload('other.dat', smallFile('431', 1).text);
    expect(body).to.include({ state: 'rejected' });
    expect(body.reason).to.match(/VPD 431/);
    expect(await rig.store('rxx').blobs.has(`files/${body.id}`)).to.equal(false);
    expect(await rig.store('ryy').ledger.files()).to.deep.equal([]);
    const nested = await upload('n.gz', gzipSync(gzipSync('x')));
    expect(nested.body.reason).to.match(/another archive/);
    const damaged = await upload('d.gz', gzipSync('x'.repeat(9000)).subarray(0, 20));
    expect(damaged.status).to.equal(400);
    expect(damaged.headers.get('content-type')).to.match(/^application\/problem\+json/);
    expect(damaged.body).to.include({ type: 'about:blank', status: 400, title: 'Bad Request' });
  });

  it('wants a name', async () => {
    expect((await rig.call('POST', base, token, 'x')).status).to.equal(400);
    expect((await rig.call('POST', `${base}?name=${'n'.repeat(201)}`, token, 'x')).status).to.equal(400);
  });

  it('gives the list page by page', async () => {
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const { body } = await rig.call('GET', `${base}?limit=2${after}`, token);
      seen.push(...body.files.map((file: { id: string }) => file.id));
      if (body.next === undefined) break;
      after = `&after=${body.next}`;
    }
    const all = (await rig.call('GET', base, token)).body.files.map((file: { id: string }) => file.id);
    expect(seen).to.deep.equal(all);
  });

  it('answered every one of these operations as its OpenAPI document promises', () => {
    expect([...rig.api.answered]).to.include.members(['list-files', 'upload-file', 'read-file']);
  });
});
