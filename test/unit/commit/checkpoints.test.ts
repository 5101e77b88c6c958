import { expect } from 'chai';
import { auditBytes, auditEntry } from '../../../server/audit/row.ts';
import { type AuditTrail, auditTrail } from '../../../server/commit/audit-trail.ts';
import { verifyAuditLog } from '../../../server/commit/audit-verification.ts';
import { notedHeads } from '../../../server/commit/noted-head.ts';
import { limits } from '../../../server/core/limits.ts';
import { checkpointKey } from '../../../server/keys/checkpoint-key.ts';
import { keyRing } from '../../../server/keys/key-ring.ts';
import type { AuditLog } from '../../../server/store/port.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { auditedRead } from '../../support/tenant-rig.ts';

const began = Date.parse('2026-04-01T09:00:00.000Z');

describe('Checkpoints of an audit log', () => {
  let test: TestHouse;
  let log: AuditLog;
  let seconds: number;
  let anchored: string[];
  beforeEach(async () => {
    test = await testHouse([trustX]);
    log = test.store('rxx').audit;
    seconds = 0;
    anchored = [];
  });
  afterEach(() => test.close());

  const trail = (over: Partial<Parameters<typeof auditTrail>[0]> = {}): AuditTrail =>
    auditTrail(
      {
        ...{ log, tenant: 'rxx', key: checkpointKey(test.house.keys), logger: silentLogger },
        ...{ documents: test.house.store.system.documents, clock: { now: () => new Date(began + seconds * 1000) } },
        anchor: async (_tenant, _previous, row) => void anchored.push(row.hash),
        ...over,
      },
      'serve',
    );
  const signed = async () =>
    (await log.chain('checkpoint', 1, 99)).map(({ bytes }) =>
      (auditEntry(bytes).checkpoint?.heads ?? []).map(({ writer, number }) => `${writer} ${number}`).join(', '),
    );
  const write = (to: AuditTrail, rows: number) =>
    Promise.all(Array.from({ length: rows }, () => to.write(auditedRead())));
  const noted = async () => (await notedHeads(test.house.store.system.documents, 'rxx').all()).head?.number;
  const verified = (key = checkpointKey(test.house.keys)) =>
    verifyAuditLog(log, 'rxx', key, { head: undefined, lost: [], anchored: [] });

  it('are made a minute after the first row that none names, and none while nothing happens', async () => {
    const one = trail();
    await one.look();
    await write(one, 2);
    seconds = 59;
    await one.look();
    expect(await signed()).to.deep.equal([]);
    seconds = 60;
    await one.look();
    seconds = 600;
    await one.look();
    expect(await signed()).to.deep.equal(['serve 2']);
  });

  it('are made at the thousandth row, whatever the time', async () => {
    const one = trail();
    await write(one, limits.checkpointRowsMax - 1);
    await one.look();
    expect(await signed()).to.deep.equal([]);
    await write(one, 1);
    await one.look();
    expect(await signed()).to.deep.equal(['serve 1000']);
  });

  it('name every writer, are noted in the system store and anchored, and a clean stop makes the last one', async () => {
    const one = trail();
    const row = auditedRead({ kind: 'file', interaction: 'file-applied' });
    const op = { op: 'audit', tenant: 'rxx', row: auditBytes(row) } as const;
    await test.store('rxx').transact([op, op], new Date(began).toISOString());
    await one.carry(test.store('rxx').outbox);
    await write(one, 3);
    await one.close();
    expect(await signed()).to.deep.equal(['outbox 2, serve 3']);
    expect(await noted()).to.equal(1);
    expect(anchored).to.deep.equal([(await log.head('checkpoint'))?.hash]);
    expect(await verified()).to.deep.equal({ findings: [], entries: 5, checkpoints: 1, unsigned: 0 });
  });

  it('cover at once what a killed server left without one', async () => {
    await write(trail(), 5);
    const next = trail();
    await next.look();
    expect(await signed()).to.deep.equal(['serve 5']);
    await next.close();
    expect(await signed()).to.deep.equal(['serve 5']);
  });

  it('go on when the anchor cannot be written, and try again when the log cannot', async () => {
    let broken = true;
    const failing: AuditLog = {
      ...log,
      append: (rows) =>
        broken && rows[0]?.writer === 'checkpoint' ? Promise.reject(new Error('disk')) : log.append(rows),
    };
    const one = trail({ log: failing, anchor: () => Promise.reject(new Error('no anchor')) });
    await write(one, 1);
    await one.close();
    expect(await signed()).to.deep.equal([]);
    broken = false;
    await one.look();
    await one.close();
    expect(await signed()).to.deep.equal(['serve 1']);
  });

  it('of another key are not ours', async () => {
    const one = trail();
    await write(one, 1);
    await one.close();
    const { findings } = await verified(checkpointKey(keyRing(Buffer.alloc(32, 9))));
    expect(findings.map(({ tampering, number }) => [tampering, number])).to.deep.equal([['forged-checkpoint', 1]]);
  });

  it('are found by whoever searches the audit, and disclose nothing', async () => {
    const one = trail();
    await write(one, 1);
    await one.close();
    const [row] = await log.chain('checkpoint', 1, 1);
    expect(auditEntry(row?.bytes ?? '{}')).to.deep.include({ kind: 'integrity', outcome: 0, disclosed: [] });
  });
});
