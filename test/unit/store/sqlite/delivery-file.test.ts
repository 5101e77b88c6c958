import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
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
});
