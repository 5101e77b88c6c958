import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { orderedId } from '../../../server/core/id.ts';
import { limits } from '../../../server/core/limits.ts';
import type { Attempted } from '../../../server/events/attempt.ts';
import { deliveryWriter } from '../../../server/events/delivery-writer.ts';
import { rangesAfter } from '../../../server/events/ranges.ts';
import type { Subscriber } from '../../../server/events/subscriber.ts';
import type { DeliveryRow } from '../../../server/store/delivery-port.ts';
import { rejection } from '../../support/rejection.ts';

interface State {
  readonly last: number;
  readonly delivered?: number;
  readonly failingTo?: number;
  readonly maxCount?: number;
}

function subscriber({ last, delivered = 0, failingTo, maxCount = 1 }: State): Subscriber {
  const failing = failingTo === undefined ? null : { to: failingTo };
  return { id: 's1', progress: { last, delivered, failing }, terms: { maxCount } } as unknown as Subscriber;
}

const done = (id: string): DeliveryRow => ({ row: 'done', id });
const sent = (to: number): Attempted => ({
  ...{ kind: 'event-notification', from: to, to, bytes: 2, sha256: 'ab', at: '2026-11-23T12:00:00.000Z' },
  ...{ outcome: { status: 200, error: null, retryAfter: undefined, milliseconds: 1 }, unreadable: [] },
});

describe('events: what is sent next, and when it is written', () => {
  it('prepares full notifications ahead, and one that could still grow only where nothing is on its way', () => {
    expect(rangesAfter(subscriber({ last: 5 }), 0, 3)).to.deep.equal([
      { from: 1, to: 1 },
      { from: 2, to: 2 },
      { from: 3, to: 3 },
    ]);
    const fours = subscriber({ last: 10, maxCount: 4 });
    expect(rangesAfter(fours, 0, 8)).to.deep.equal([
      { from: 1, to: 4 },
      { from: 5, to: 8 },
    ]);
    expect(rangesAfter(fours, 8, 8)).to.deep.equal([]);
    expect(rangesAfter(subscriber({ last: 10, delivered: 8, maxCount: 4 }), 8, 8)).to.deep.equal([{ from: 9, to: 10 }]);
    expect(rangesAfter(fours, 10, 8)).to.deep.equal([]);
  });

  it('prepares no more events than one notification may hold, and sends what failed again as it was', () => {
    const many = rangesAfter(subscriber({ last: 900, maxCount: 40 }), 0, 30);
    expect(many).to.have.length(Math.floor(limits.notificationEventsMax / 40));
    const failed = subscriber({ last: 9, delivered: 2, failingTo: 4, maxCount: 3 });
    expect(rangesAfter(failed, 2, 8)).to.deep.equal([{ from: 3, to: 4 }]);
    expect(rangesAfter(failed, 4, 8)).to.deep.equal([{ from: 5, to: 7 }]);
  });

  it('writes in company, one write after the other, with the progress of that moment', async () => {
    const writes: (readonly DeliveryRow[])[] = [];
    let atOnce = 0;
    const writer = deliveryWriter(async (rows) => {
      atOnce += 1;
      expect(atOnce, 'one at a time').to.equal(1);
      writes.push(rows);
      await setTimeout(5);
      atOnce -= 1;
    });
    const one = subscriber({ last: 9, delivered: 1 });
    const added = [writer.add(sent(1), [done('a')], one), writer.add(sent(2), [done('b')], one)];
    one.progress = { ...one.progress, delivered: 2 };
    await writer.write([done('c')], [one]);
    await Promise.all(added);
    const later = writer.add(sent(3), [done('d')], one);
    writer.hurry();
    await Promise.all([later, writer.write([done('e')], [])]);
    const names = writes.map((rows) =>
      rows.map((row) => (row.row === 'attempt' ? `attempt at ${row.to}` : 'id' in row ? row.id : '')),
    );
    expect(names).to.deep.equal([
      ['attempt at 1', 'attempt at 2', 'a', 'b', 'c', 's1'],
      ['attempt at 3', 'd', 'e', 's1'],
    ]);
    expect(JSON.stringify(writes[0]?.at(-1))).to.include('\\"delivered\\":2');
  });

  it('fails with a write what was begun while it was under way, whose progress builds on it', async () => {
    let fail = () => {};
    const writes: number[] = [];
    const writer = deliveryWriter(async (rows) => {
      writes.push(rows.length);
      if (writes.length > 1) return;
      await new Promise<void>((_, reject) => {
        fail = () => reject(new Error('no disk'));
      });
    });
    const one = subscriber({ last: 9 });
    const first = writer.write([done('a')], [one]);
    await setTimeout(5);
    const second = writer.add(sent(2), [], one);
    fail();
    for (const failed of [first, second]) expect((await rejection(failed)).message).to.equal('no disk');
    expect(writes).to.have.length(1);
    await writer.write([done('c')], []);
    expect(writes).to.deep.equal([2, 1]);
  });

  it('tells everybody in a write that failed, and goes on with the next', async () => {
    let broken = true;
    const writer = deliveryWriter(async () => {
      if (broken) throw new Error('no disk');
    });
    const one = subscriber({ last: 9 });
    const added = writer.add(sent(1), [done('a')], one);
    expect((await rejection(writer.write([done('b')], []))).message).to.equal('no disk');
    expect((await rejection(added)).message).to.equal('no disk');
    broken = false;
    await writer.write([done('c')], []);
  });

  it('makes ids that are sorted by their time, of version 7', () => {
    const ids = ['2026-11-23T12:00:00.000Z', '2026-11-23T12:00:00.001Z', '2027-01-01T00:00:00.000Z'].map(orderedId);
    expect(ids.toSorted()).to.deep.equal(ids);
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
