import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { ingestFile } from '../../../../server/ingest/run.ts';
import { takeDropped } from '../../../../server/ingest/sources/drop-folder.ts';
import { dropWatch } from '../../../../server/ingest/sources/drop-watch.ts';
import { type TestHouse, testHouse, trustX, trustY } from '../../../support/house-open.ts';
import { smallFile } from '../../../support/small-files.ts';
import { zipBytes } from '../../../support/zip-bytes.ts';

const at = '2026-06-01T09:00:00Z';

describe('The drop folder', () => {
  let test: TestHouse;
  let root: string;
  const inbox = (...more: string[]) => join(root, 'rxx', ...more);
  const put = (name: string, bytes: string | Buffer) => {
    writeFileSync(inbox(name), bytes, typeof bytes === 'string' ? 'latin1' : undefined);
    utimesSync(inbox(name), new Date(at), new Date(at));
  };
  const take = () => takeDropped(test.house.ingest, root, 'rxx');
  const plain = () => readdirSync(inbox(), { withFileTypes: true }).filter((one) => !one.isDirectory());

  beforeEach(async () => {
    test = await testHouse([trustX, trustY], at);
    root = join(test.data, 'drop');
    mkdirSync(inbox(), { recursive: true });
  });
  afterEach(() => test.close());

  it('is ingested in header sequence, whatever the names say, and moved to done', async () => {
    for (const sequence of [3, 1, 2]) put(`${9 - sequence}.dat`, smallFile('277', sequence).text);
    const reports = await take();
    expect(reports.map(({ name, state }) => `${name} ${state}`)).to.deep.equal([
      '8.dat applied',
      '7.dat applied',
      '6.dat applied',
    ]);
    expect(plain()).to.deep.equal([]);
    expect(readdirSync(inbox('done'))).to.deep.equal(['6.dat', '7.dat', '8.dat']);
    expect(readdirSync(inbox('.taken'))).to.deep.equal([]);
  });

  it('takes zip archives and gzip data', async () => {
    put('a.zip', zipBytes([2, 1].map((n) => ({ name: `${n}.dat`, bytes: Buffer.from(smallFile('277', n).text) }))));
    put('b.dat.gz', gzipSync(smallFile('277', 3).text));
    await take();
    const files = await test.store('rxx').ledger.files();
    expect(files.map(({ state }) => state)).to.deep.equal(['applied', 'applied', 'applied']);
    expect(readdirSync(inbox('done'))).to.deep.equal(['a.zip', 'b.dat.gz']);
  });

  it('puts a refused file aside with the reason, and a held one where the taken ones are', async () => {
    put('other.dat', smallFile('431', 1).text);
    put('early.dat', smallFile('277', 5).text);
    put('bad.zip', zipBytes([{ name: 'a', bytes: Buffer.from('x'), flags: 1 }]));
    await take();
    expect(readdirSync(inbox('done'))).to.deep.equal(['early.dat']);
    expect(readdirSync(inbox('refused'))).to.deep.equal([
      'bad.zip',
      'bad.zip.reason.txt',
      'other.dat',
      'other.dat.reason.txt',
    ]);
    expect(readFileSync(inbox('refused', 'other.dat.reason.txt'), 'utf8')).to.include('VPD 431');
    const states = (await test.store('rxx').ledger.files()).map(({ name, state }) => `${name} ${state}`);
    expect(states.sort()).to.deep.equal(['bad.zip rejected', 'early.dat held', 'other.dat rejected']);
    expect(await test.store('ryy').ledger.files()).to.deep.equal([]);
  });

  it('keeps both of two files of one name', async () => {
    put('a.dat', smallFile('277', 1).text);
    await take();
    put('a.dat', smallFile('277', 2).text);
    await take();
    expect(readdirSync(inbox('done'))).to.deep.equal(['a.dat', 'a.dat.2']);
  });

  it('leaves alone what is being written: names of transfers, dot-files, links, files without their end', async () => {
    const { text } = smallFile('277', 1);
    const names = ['a.dat._TXFR', '.b.dat', 'c.tmp', 'd.part', 'e.dat', 'f.zip', 'g.dat'];
    for (const name of names.slice(0, 4)) put(name, text);
    put('e.dat', text.slice(0, -6));
    put('f.zip', zipBytes([{ name: 'a', bytes: Buffer.from(text) }]).subarray(0, 60));
    symlinkSync('/etc/hostname', inbox('g.dat'));
    expect(await take()).to.deep.equal([]);
    expect(
      plain()
        .map(({ name }) => name)
        .sort(),
    ).to.deep.equal([...names].sort());
  });

  it('refuses a file that never got its end once nobody has written it for a while', async () => {
    put('e.dat', smallFile('277', 1).text.slice(0, -6));
    test.setTime('2026-06-01T09:00:16Z');
    expect((await take()).map(({ state }) => state)).to.deep.equal(['rejected']);
    expect(readdirSync(inbox('refused'))).to.deep.equal(['e.dat', 'e.dat.reason.txt']);
  });

  it('finishes what an earlier process took, once each, also where the ledger has it already', async () => {
    const ids = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
    mkdirSync(inbox('.taken'));
    ids.forEach((id, index) => {
      writeFileSync(inbox('.taken', `${id}~${9 - index}.dat`), smallFile('277', index + 1).text);
    });
    const { text, name } = smallFile('277', 1);
    const parts = test.house.ingest;
    const open = async function* () {
      yield Buffer.from(text);
    };
    await ingestFile(parts, { id: ids[0] ?? '', name, source: 'drop folder', open }, 'rxx');
    const reports = await take();
    expect(reports.map(({ id }) => id)).to.deep.equal(ids);
    const files = [...(await test.store('rxx').ledger.files())].reverse();
    expect(files.map(({ id, state }) => `${id} ${state}`)).to.deep.equal(ids.map((id) => `${id} applied`));
    expect(readdirSync(inbox('done'))).to.deep.equal(['7.dat', '8.dat', '9.dat']);
  });

  it('of a suspended tenant is left alone', async () => {
    put('a.dat', smallFile('277', 1).text);
    await test.house.tenants.setStatus('rxx', 'suspended');
    expect(await take()).to.deep.equal([]);
    expect(plain()).to.have.lengthOf(1);
  });

  it('is noticed at the second look that finds a file unchanged', async () => {
    const watch = dropWatch(root, test.house.clock);
    expect(await watch.look(['rxx', 'ryy'])).to.deep.equal([]);
    put('a.dat', smallFile('277', 1).text.slice(0, 30));
    expect(await watch.look(['rxx', 'ryy'])).to.deep.equal([]);
    put('a.dat', smallFile('277', 1).text);
    expect(await watch.look(['rxx', 'ryy'])).to.deep.equal([]);
    expect(await watch.look(['rxx', 'ryy'])).to.deep.equal(['rxx']);
    expect(readdirSync(join(root, 'ryy')).sort()).to.deep.equal(['.taken', 'done', 'refused']);
  });
});
