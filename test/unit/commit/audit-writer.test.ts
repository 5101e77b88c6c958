import { expect } from 'chai';
import { chainHash, chainStart } from '../../../server/audit/chain.ts';
import { auditBytes, auditEntry } from '../../../server/audit/row.ts';
import { auditWriter, carryOutbox } from '../../../server/commit/audit-writer.ts';
import { limits } from '../../../server/core/limits.ts';
import { StoreError } from '../../../server/store/error.ts';
import type { AuditLog, AuditRow } from '../../../server/store/port.ts';
import { auditedRead, type TenantRig, tenantRig } from '../../support/tenant-rig.ts';

const all = { descending: false, count: 100_000 };

/** The real log, with its appends seen and, where `failing` says so, refused. */
function watched(log: AuditLog) {
  const state = { appends: [] as number[], failing: false };
  const append = async (rows: readonly AuditRow[]) => {
    if (state.failing) throw new StoreError('corrupt', 'the disk is full');
    state.appends.push(rows.length);
    await log.append(rows);
  };
  return { state, log: { ...log, append } satisfies AuditLog };
}

async function refusal(promise: Promise<unknown>): Promise<{ readonly code?: string }> {
  return promise.then(
    () => ({}),
    (error: { readonly code: string }) => error,
  );
}

describe('The audit writer', () => {
  let rig: TenantRig;
  beforeEach(async () => {
    rig = await tenantRig();
  });
  afterEach(() => rig.close());

  it('makes the rows of one turn of the event loop durable together, as one chain', async () => {
    const { state, log } = watched(rig.store.audit);
    const writer = auditWriter(log, 'serve');
    await Promise.all([1, 2, 3].map((n) => writer.write(auditedRead({ requestId: `request-${n}` }))));
    await writer.write(auditedRead({ requestId: 'request-4' }));
    expect(state.appends).to.deep.equal([3, 1]);
    const rows = await rig.store.audit.scan(all);
    expect(rows.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4]);
    let hash = chainStart;
    for (const row of rows) {
      hash = chainHash(hash, row.bytes);
      expect(row.hash).to.equal(hash);
    }
  });

  it('goes on where the chain ended, after a restart too', async () => {
    await auditWriter(rig.store.audit, 'serve').write(auditedRead());
    await auditWriter(rig.store.audit, 'serve').write(auditedRead());
    const [first, second] = await rig.store.audit.scan(all);
    expect(second?.hash).to.equal(chainHash(first?.hash ?? '', second?.bytes ?? ''));
  });

  it('rejects everybody who waits when an append fails, and goes on without a gap when it works again', async () => {
    const { state, log } = watched(rig.store.audit);
    const writer = auditWriter(log, 'serve');
    await writer.write(auditedRead());
    state.failing = true;
    const refused = await Promise.all([1, 2].map(() => refusal(writer.write(auditedRead()))));
    expect(refused.map(({ code }) => code)).to.deep.equal(['corrupt', 'corrupt']);
    state.failing = false;
    await writer.write(auditedRead());
    expect((await rig.store.audit.scan(all)).map(({ number }) => number)).to.deep.equal([1, 2]);
  });

  it('notices that somebody else wrote under its name, and does not fork the chain', async () => {
    const writer = auditWriter(rig.store.audit, 'serve');
    await writer.write(auditedRead());
    await auditWriter(rig.store.audit, 'serve').write(auditedRead());
    expect(await refusal(writer.write(auditedRead()))).to.include({ code: 'conflict' });
    await writer.write(auditedRead());
    expect((await rig.store.audit.scan(all)).map(({ number }) => number)).to.deep.equal([1, 2, 3]);
  });

  it('refuses rows past its bound and takes some again once the waiting ones are written', async () => {
    const writer = auditWriter(rig.store.audit, 'serve');
    const waiting = Array.from({ length: limits.auditRowsQueuedMax }, () => writer.write(auditedRead()));
    expect(await refusal(writer.write(auditedRead()))).to.include({ code: 'unavailable' });
    await Promise.all(waiting);
    await writer.write(auditedRead());
  });

  it('writes what waits when it is closed, and then refuses', async () => {
    const writer = auditWriter(rig.store.audit, 'serve');
    const waiting = writer.write(auditedRead());
    await writer.close();
    await waiting;
    expect(await refusal(writer.write(auditedRead()))).to.include({ code: 'unavailable' });
    expect(await rig.store.audit.scan(all)).to.have.lengthOf(1);
  });
});

describe('Carrying the outbox', () => {
  let rig: TenantRig;
  beforeEach(async () => {
    rig = await tenantRig();
    for (const file of ['f1', 'f2']) await leave(file);
  });
  afterEach(() => rig.close());

  const leave = (file: string) => {
    const row = auditBytes(auditedRead({ kind: 'file', interaction: 'ingest', type: null, id: file, disclosed: [] }));
    const op = { op: 'audit', tenant: 'rxx', row } as const;
    return rig.store.transact([op, op], '2026-04-01T09:00:00.000Z');
  };
  const carried = async () => (await rig.store.audit.scan(all)).map(({ bytes }) => auditEntry(bytes));

  it('moves every row into the log once, in order, with its outbox position', async () => {
    expect(await carryOutbox(rig.store.outbox, rig.store.audit)).to.equal(4);
    expect(await carryOutbox(rig.store.outbox, rig.store.audit)).to.equal(0);
    const rows = await carried();
    expect(rows.map(({ id }) => id)).to.deep.equal(['f1', 'f1', 'f2', 'f2']);
    expect(rows.map(({ carried: from }) => from?.sequence)).to.deep.equal([1, 1, 2, 2]);
    expect(await rig.store.outbox.audits(10)).to.deep.equal([]);
  });

  it('does not double what it carried before a crash kept it from forgetting', async () => {
    const crash = new Error('killed');
    const dying = { ...rig.store.outbox, auditsCarried: () => Promise.reject(crash) };
    expect(await refusal(carryOutbox(dying, rig.store.audit))).to.equal(crash);
    await leave('f3');
    expect(await carryOutbox(rig.store.outbox, rig.store.audit)).to.equal(2);
    expect((await carried()).map(({ id }) => id)).to.deep.equal(['f1', 'f1', 'f2', 'f2', 'f3', 'f3']);
  });
});
