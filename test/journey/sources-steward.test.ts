import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { runCommand } from '../support/house-command.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { smallFile } from '../support/small-files.ts';
import { zipBytes } from '../support/zip-bytes.ts';

describe('The steward at the command line', function () {
  this.timeout(120_000);
  let test: TestHouse;

  before(async () => {
    test = await testHouse([trustX]);
  });
  after(() => test.close());

  const run = (...args: string[]) => runCommand(test.data, ...args);
  // biome-ignore lint/suspicious/noExplicitAny: documents of every shape
  const json = async (...args: string[]): Promise<any> => JSON.parse((await run(...args, '--json')).stdout);

  it('ingests archives, and finds by each file’s own header whose it is', async () => {
    const members = [2, 1].map((n) => ({ name: `${n}.dat`, bytes: Buffer.from(smallFile('277', n).text) }));
    writeFileSync(join(test.data, 'two.zip'), zipBytes(members));
    const bad = smallFile('277', 3).text.replace('ASA~1001', 'ASA~9999');
    writeFileSync(join(test.data, 'three.dat.gz'), gzipSync(bad));
    const { files } = await json('ingest', join(test.data, 'two.zip'), join(test.data, 'three.dat.gz'));
    expect(
      files.map((one: Record<string, unknown>) => `${one['name']} ${one['tenant']} ${one['state']}`),
    ).to.deep.equal(['1.dat rxx applied', '2.dat rxx applied', 'three.dat rxx applied']);
  });

  it('shows, refuses to release and discards a quarantined row', async () => {
    const [open] = await test.store('rxx').ledger.exceptions({ severity: 'error', state: 'open' });
    const id = open?.id ?? '';
    const shown = await json('quarantine', 'show', id, '--tenant', 'rxx');
    expect(shown).to.include({ id, record: 'assignment/5001', rule: 'person-missing' });
    expect(shown.row.fields.assignmentNumber).to.equal('99999');
    const release = await run('quarantine', 'release', id, '--tenant', 'rxx');
    expect(release).to.include({ status: 1 });
    expect(release.stdout).to.match(/line 3: personId: .*not known/);
    const discarded = await json('quarantine', 'discard', id, '--tenant', 'rxx', '--reason', 'sent in error');
    expect(discarded).to.include({ id, state: 'discarded' });
  });

  it('previews and releases a held file', async () => {
    await test.ingest('5.dat', smallFile('277', 5).text, 'rxx');
    const [file] = await test.store('rxx').ledger.files();
    const id = file?.id ?? '';
    const preview = await json('files', 'preview', id, '--tenant', 'rxx');
    const { files } = await json('files', 'release', '--tenant', 'rxx', id, '--reason', 'the gap is known');
    const { created, changed, removed } = preview;
    expect(files[0]).to.include({ id, state: 'applied', created, changed, removed });
    const rows = (await test.store('rxx').outbox.audits(100)).map(({ row }) => JSON.parse(row));
    const [decision] = rows.filter(({ i }) => i === 'file-release');
    expect(decision).to.include({ k: 'admin', r: 'the gap is known', d: id });
    expect(decision.c).to.match(/^operator:./);
  });

  it('reconciles the store with the last full file', async () => {
    const { file, totals } = await json('reconcile', '--tenant', 'rxx');
    expect(file.name).to.equal('1.dat');
    expect(totals).to.deep.equal({ file: { headcount: 1, fte: 0 }, store: { headcount: 1, fte: 0 } });
  });

  it('makes clients of the management API, and gives a client another secret', async () => {
    const scope = 'admin/files.read admin/files.write';
    const made = await json('client', 'add', '--admin', '--name', 'ops', '--scope', scope);
    expect(made).to.include({ tenant: null, admin: true, scope });
    const rotated = await json('client', 'rotate', made.client_id);
    expect(rotated.client_secret).to.not.equal(made.client_secret);
    const token = await json('token', '--client', made.client_id, '--secret', rotated.client_secret);
    const claims = JSON.parse(Buffer.from(token.access_token.split('.')[1], 'base64url').toString());
    expect(claims).to.include({ tenant: '*', scope, client_id: made.client_id });
    expect(claims.aud).to.match(/\/admin\/v1$/);
  });
});
