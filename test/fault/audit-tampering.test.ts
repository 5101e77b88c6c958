import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { chainHash } from '../../server/audit/chain.ts';
import { anchorFile } from '../../server/cli/audit-anchor.ts';
import { type Tamper, tamperWith } from '../support/audit-file.ts';
import { copyFiles, verifyFolder, writeRuns } from '../support/audited-house.ts';
import { runCommand } from '../support/house-command.ts';
import { needs } from '../support/needs.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Rows 1–20 of chain `serve` under checkpoint 1, rows 21–40 under checkpoint 2. */
const runs = [20, 20];

interface Case {
  readonly what: string;
  readonly tamper: Tamper;
  readonly found: string;
  readonly says: RegExp;
}

const serve = "writer = 'serve'";
const copied = (number: number | string, of: number) =>
  `INSERT INTO audit(writer, number, at, hash, bytes) SELECT writer, ${number}, at, hash, bytes FROM audit
    WHERE ${serve} AND number = ${of}`;

/** Rewrites the chain from a row on, with hashes that fit: whoever has the tenant's key can. */
const rewritten: Tamper = (sql) => {
  const rows = sql(`SELECT number, bytes, hash FROM audit WHERE ${serve} AND number >= 6 ORDER BY number`) as {
    readonly number: number;
    readonly bytes: string;
    readonly hash: string;
  }[];
  let hash = rows[0]?.hash ?? '';
  for (const { number, bytes } of rows.slice(1)) {
    const changed = number === 7 ? bytes.replace('client-1', 'client-2') : bytes;
    hash = chainHash(hash, changed);
    sql(`UPDATE audit SET bytes = ?, hash = ? WHERE ${serve} AND number = ?`, changed, hash, number);
  }
};

const cases: readonly Case[] = [
  {
    what: 'a flipped byte',
    tamper: (sql) =>
      sql(`UPDATE audit SET bytes = replace(bytes, 'client-1', 'client-2') WHERE ${serve} AND number = 7`),
    found: 'changed-row serve 7',
    says: /row 7 does not hash/,
  },
  {
    what: 'a time that hides a row from searches',
    tamper: (sql) => sql(`UPDATE audit SET at = '1999-01-01T00:00:00.000Z' WHERE ${serve} AND number = 7`),
    found: 'changed-row serve 7',
    says: /the time by which row 7 is found/,
  },
  {
    what: 'a removed row',
    tamper: (sql) => sql(`DELETE FROM audit WHERE ${serve} AND number = 7`),
    found: 'removed-row serve 7',
    says: /row 7 is missing$/,
  },
  {
    what: 'a removed row behind which the others closed up',
    tamper: (sql) => {
      sql(`DELETE FROM audit WHERE ${serve} AND number = 7`);
      sql(`UPDATE audit SET number = -number WHERE ${serve} AND number > 7`);
      sql(`UPDATE audit SET number = -number - 1 WHERE ${serve} AND number < 0`);
    },
    found: 'removed-row serve 7',
    says: /numbered anew/,
  },
  {
    what: 'two swapped rows',
    tamper: (sql) => {
      sql(`UPDATE audit SET number = -1 WHERE ${serve} AND number = 7`);
      sql(`UPDATE audit SET number = 7 WHERE ${serve} AND number = 9`);
      sql(`UPDATE audit SET number = 9 WHERE ${serve} AND number = -1`);
    },
    found: 'swapped-rows serve 7',
    says: /rows 7 and 9 have changed places/,
  },
  {
    what: 'a row that was doubled at the end',
    tamper: (sql) => sql(copied('41', 7)),
    found: 'duplicated-row serve 41',
    says: /row 41 is a copy of row 7/,
  },
  {
    what: 'a row that stands twice under its number',
    tamper: (sql) => {
      sql('DROP INDEX audit_number');
      sql(copied('number', 7));
    },
    found: 'duplicated-row serve 7',
    says: /row 7 is there twice/,
  },
  {
    what: 'two rows that claim one number',
    tamper: (sql) => {
      sql('DROP INDEX audit_number');
      sql(copied('9', 7));
    },
    found: 'forked-chain serve 9',
    says: /two different rows claim number 9/,
  },
  {
    what: 'a chain that was rewritten with hashes that fit',
    tamper: rewritten,
    found: 'forked-chain serve 20',
    says: /row 20 is not the one that checkpoint 1 signed/,
  },
  {
    what: 'a cut tail',
    tamper: (sql) => sql(`DELETE FROM audit WHERE ${serve} AND number > 33`),
    found: 'cut-tail serve 34',
    says: /rows 34 to 40 are gone from the end: checkpoint 2 signed them/,
  },
  {
    what: 'a whole chain that is gone',
    tamper: (sql) => sql(`DELETE FROM audit WHERE ${serve}`),
    found: 'cut-tail serve 1',
    says: /rows 1 to 40 are gone/,
  },
  {
    what: 'a tail that was cut together with its checkpoint',
    tamper: (sql) => sql(`DELETE FROM audit WHERE number > 20 OR (writer = 'checkpoint' AND number > 1)`),
    found: 'older-log checkpoint 2',
    says: /the log ends at checkpoint 1, but checkpoint 2 was made: the system store notes it/,
  },
  {
    what: 'a checkpoint that was made to fit',
    tamper: (sql) => {
      sql(`DELETE FROM audit WHERE ${serve} AND number > 33`);
      const [row] = sql("SELECT bytes FROM audit WHERE writer = 'checkpoint' AND number = 2") as { bytes: string }[];
      const [before] = sql("SELECT hash FROM audit WHERE writer = 'checkpoint' AND number = 1") as { hash: string }[];
      const bytes = (row?.bytes ?? '').replace('["serve",40,', '["serve",33,');
      const hash = chainHash(before?.hash ?? '', bytes);
      sql("UPDATE audit SET bytes = ?, hash = ? WHERE writer = 'checkpoint' AND number = 2", bytes, hash);
    },
    found: 'forged-checkpoint checkpoint 2',
    says: /the signature of checkpoint 2 is not good/,
  },
];

describe('Tampering with the audit log', () => {
  const original = temporaryFolder('audit-original');
  const older = temporaryFolder('audit-older');
  const anchor = anchorFile(join(original.path, 'anchor.jsonl'));
  let copy: ReturnType<typeof temporaryFolder>;

  before(async function () {
    needs(this, 'files of the embedded store', onEmbeddedStore);
    await writeRuns(original.path, runs.slice(0, 1), anchor);
    copyFiles(original.path, older.path);
    await writeRuns(original.path, runs.slice(1), anchor);
  });
  after(() => {
    original.remove();
    older.remove();
  });
  beforeEach(() => {
    copy = temporaryFolder('audit-copy');
    copyFiles(original.path, copy.path);
  });
  afterEach(() => copy.remove());

  const first = async () => {
    const { findings } = await verifyFolder(copy.path);
    const [finding] = findings;
    return { found: finding && [finding.tampering, finding.writer, finding.number].join(' '), why: finding?.why ?? '' };
  };

  it('is not seen in an untouched copy', async () => {
    const whole = { findings: [], entries: 40, checkpoints: 2, unsigned: 0 };
    expect(await verifyFolder(copy.path)).to.deep.equal(whole);
    expect(await verifyFolder(copy.path, anchor)).to.deep.equal(whole);
  });

  for (const { what, tamper, found, says } of cases) {
    it(`is found and named: ${what}`, async () => {
      tamperWith(copy.path, 'rxx', tamper);
      const seen = await first();
      expect(seen.found).to.equal(found);
      expect(seen.why).to.match(says);
    });
  }

  it('is found and named: an older backup of the log, also after a server went on with it', async () => {
    copyFiles(older.path, copy.path, 'audit log');
    expect((await first()).found).to.equal('older-log checkpoint 2');
    await writeRuns(copy.path, [3, 3]);
    const { found, why } = await first();
    expect(found).to.equal('forked-chain checkpoint 2');
    expect(why).to.match(/its loss was noticed at/);
  });

  it('is found by the anchor alone: an older backup of everything', async () => {
    copyFiles(older.path, copy.path);
    expect((await verifyFolder(copy.path)).findings).to.deep.equal([]);
    const [finding] = (await verifyFolder(copy.path, anchor)).findings;
    expect(finding).to.include({ tampering: 'older-log', number: 2 });
    expect(finding?.why).to.match(/the anchor file holds it/);
  });

  it('is found and named: a byte of the file itself', async () => {
    const path = join(copy.path, 'tenants', 'rxx', 'audit.db');
    flipByte(path, statSync(path).size - 100);
    expect((await first()).found).to.match(/^damaged-file /);
  });

  it('makes `audit verify` exit with 1 and say where to look; an untouched log exits with 0', async function () {
    this.timeout(60_000);
    const verify = () => runCommand(copy.path, 'audit', 'verify', '--tenant', 'rxx', '--json');
    const whole = await verify();
    expect(whole.status).to.equal(0);
    expect(JSON.parse(whole.stdout)).to.deep.equal({ ok: true, entries: 40, checkpoints: 2, unsigned: 0 });
    tamperWith(copy.path, 'rxx', (sql) => sql(`DELETE FROM audit WHERE ${serve} AND number = 7`));
    const { status, stdout } = await verify();
    expect(status).to.equal(1);
    const bad = { tampering: 'removed-row', first_bad: { writer: 'serve', number: 7 }, why: 'row 7 is missing' };
    expect(JSON.parse(stdout)).to.deep.include({ ok: false, entries: 6, checkpoints: 2, ...bad });
  });
});

function flipByte(path: string, at: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  writeSync(file, Buffer.from([byte.readUInt8(0) ^ 1]), 0, 1, at);
  closeSync(file);
}
