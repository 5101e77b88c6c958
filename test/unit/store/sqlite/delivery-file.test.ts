import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import type { DeliveryAttempt } from '../../../../server/store/delivery-port.ts';
import type { Lease } from '../../../../server/store/port.ts';
import { Connection } from '../../../../server/store/sqlite/connection.ts';
import { deliveryStore } from '../../../../server/store/sqlite/delivery.ts';
import { deliveryFile } from '../../../../server/store/sqlite/delivery-file.ts';
import { deliveryMigrations } from '../../../../server/store/sqlite/migrations.ts';
import { temporaryFolder } from '../../../support/store-fixture.ts';

const key = randomBytes(32);
const at = (n: number) => `2026-04-01T09:00:00.00${n}Z`;
const lease: Lease = { name: 'delivery/one', owner: 'o', epoch: 1, expiresAt: at(9) };

describe('the file of deliveries', () => {
  let path: string;
  let clear: () => Promise<void>;

  beforeEach(async () => {
    const folder = await temporaryFolder();
    clear = folder.clear;
    path = join(folder.path, 'delivery.db');
  });

  afterEach(() => clear());

  it('has all events and attempts of a file in which each subscription had rows of its own', async () => {
    const older = new Connection({
      ...{ path, key: () => key, migrations: deliveryMigrations.slice(0, 2) },
      ...{ journal: 'WAL', synchronous: 'OFF', cacheKibibytes: 1024 },
    });
    const event = `INSERT INTO event(subscription, number, sequence, place, topic, focus, at, about)
      VALUES(?, ?, 5, ?, 'starter-created', ?, ?, '{}')`;
    const attempt = `INSERT INTO attempt(id, subscription, kind, first, last, at, status, error, bytes, sha256, ms)
      VALUES(?, 's2', 'event-notification', ?, ?, ?, NULL, 'connect', 3, 'ab', 4)`;
    for (const n of [1, 2, 3]) older.run(event, 's2', n, n, `Practitioner/p${n}/1`, at(n));
    older.run(event, 's1', 1, 2, 'Practitioner/p2/1', at(2));
    for (const n of [1, 2]) older.run(attempt, `a${n}`, n, n, at(n));
    older.close();

    const file = deliveryFile(path, () => key);
    const store = deliveryStore(file, () => true);
    const told = (await store.events('s2', 1, 9, 9)).map(({ number, index, focus, at }) => [number, index, focus, at]);
    expect(told).to.deep.equal([1, 2, 3].map((n) => [n, n, `Practitioner/p${n}/1`, at(n)]));
    const about = await store.about(['Practitioner/p2/1']);
    expect(about.map(({ subscription, number }) => [subscription, number])).to.deep.equal([
      ['s1', 1],
      ['s2', 2],
    ]);
    expect((await store.lastAttempts('s2', 9)).map(({ id, from, error }) => [id, from, error])).to.deep.equal([
      ['a1', 1, 'connect'],
      ['a2', 2, 'connect'],
    ]);
    const events = [{ sequence: 6, index: 0, topic: 'starter-created', focus: '', at: at(4), about: '{}' }];
    const countedBy = [
      { subscription: 's1', first: 2 },
      { subscription: 's2', first: 4 },
    ];
    await store.write([{ row: 'happened', events, countedBy }], lease);
    expect((await store.lastEvent('s2'))?.number).to.equal(4);
    file.close();
  });

  it('has all attempts of a file in which each was a row', async () => {
    const older = new Connection({
      ...{ path, key: () => key, migrations: deliveryMigrations.slice(0, 3) },
      ...{ journal: 'WAL', synchronous: 'OFF', cacheKibibytes: 1024 },
    });
    for (const id of ['s1', 's2']) older.run('INSERT INTO subscriber(id) VALUES(?)', id);
    const attempt = `INSERT INTO attempt(subscriber, id, kind, first, last, at, status, error, bytes, sha256, ms)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, 12, 'ab', 3)`;
    older.run(attempt, 1, 'a1', 'handshake', 0, 0, at(1), 200, null);
    older.run(attempt, 2, 'a2', 'event-notification', 1, 4, at(2), null, 'timeout');
    older.run(attempt, 1, 'a3', 'event-notification', 1, 1, at(3), 503, 'http-5xx');
    older.close();

    const file = deliveryFile(path, () => key);
    const store = deliveryStore(file, () => true);
    const same = { bytes: 12, sha256: 'ab', milliseconds: 3 };
    expect(await store.lastAttempts('s1', 9)).to.deep.equal([
      { id: 'a1', subscription: 's1', kind: 'handshake', from: 0, to: 0, at: at(1), status: 200, error: null, ...same },
      {
        ...{ id: 'a3', subscription: 's1', kind: 'event-notification', from: 1, to: 1, at: at(3) },
        ...{ status: 503, error: 'http-5xx', ...same },
      },
    ]);
    expect((await store.attempts('s2', 3, 3, 9)).map(({ id, status, error }) => [id, status, error])).to.deep.equal([
      ['a2', null, 'timeout'],
    ]);
    file.close();
  });

  it('keeps an event as long as somebody counts it, and no longer', async () => {
    const file = deliveryFile(path, () => key);
    const store = deliveryStore(file, () => true);
    const happened = (n: number) => ({ sequence: n, index: 0, topic: 't', focus: '', at: at(n), about: '{}' });
    const stored = () => file.value<number>('SELECT COUNT(*) FROM happened');
    const both = ['s1', 's2'].map((subscription) => ({ subscription, first: 1 }));
    await store.write([{ row: 'happened', events: [1, 2, 3].map(happened), countedBy: both }], lease);
    await store.write(
      [{ row: 'happened', events: [4, 5].map(happened), countedBy: [{ subscription: 's1', first: 4 }] }],
      lease,
    );
    await store.write([{ row: 'forget', before: at(9), limit: 1 }], lease);
    expect(stored()).to.equal(5);
    await store.write([{ row: 'forget', before: at(9), limit: 99 }], lease);
    expect(stored()).to.equal(2);
    const more = [
      { subscription: 's1', first: 6 },
      { subscription: 's2', first: 4 },
    ];
    await store.write([{ row: 'happened', events: [happened(6)], countedBy: more }], lease);
    await store.write([{ row: 'forget', before: at(9), limit: 99 }], lease);
    expect(stored()).to.equal(1);
    file.close();
  });

  it('finds attempts in the rows that they were written in, and forgets of a row what is old alone', async () => {
    const file = deliveryFile(path, () => key);
    const store = deliveryStore(file, () => true);
    const attempt = (to: number, n: number, from = to): DeliveryAttempt => ({
      ...{
        id: `a${String(n).padStart(4, '0')}`,
        subscription: 's1',
        kind: 'event-notification',
        from,
        to,
        at: at(n % 9),
      },
      ...{ status: 200, error: null, bytes: 2, sha256: 'ab', milliseconds: 1 },
    });
    const write = (attempts: readonly DeliveryAttempt[]) =>
      store.write(
        attempts.map((one) => ({ row: 'attempt', ...one })),
        lease,
      );
    // A hundred rows that span what is asked for and hold none of it, then two that do.
    for (let n = 0; n < 100; n += 1) await write([attempt(1, n), attempt(9, n)]);
    await write([attempt(4, 200), attempt(6, 201, 5), attempt(9, 202)]);
    await write([attempt(5, 300)]);
    expect((await store.attempts('s1', 5, 6, 9)).map(({ id }) => id)).to.deep.equal(['a0201', 'a0300']);
    expect((await store.attempts('s1', 5, 6, 1)).map(({ id }) => id)).to.deep.equal(['a0201']);
    expect((await store.lastAttempts('s1', 3)).map(({ id }) => id)).to.deep.equal(['a0201', 'a0202', 'a0300']);
    expect((await store.lastAttempts('s1', 999)).length).to.equal(204);
    expect(file.value<number>('SELECT COUNT(*) FROM attempts')).to.equal(102);
    await store.write([{ row: 'forget', before: at(1), limit: 99 }], lease);
    expect((await store.lastAttempts('s1', 999)).map(({ id }) => id).slice(0, 2)).to.deep.equal(['a0001', 'a0001']);
    await store.write([{ row: 'forget', before: at(9), limit: 3 }], lease);
    expect((await store.lastAttempts('s1', 999)).map(({ id, to }) => `${id} ${to}`)[0]).to.equal('a0002 9');
    await store.write([{ row: 'forget', before: at(9), limit: 999 }], lease);
    expect(file.value<number>('SELECT COUNT(*) FROM attempts')).to.equal(0);
    file.close();
  });
});
