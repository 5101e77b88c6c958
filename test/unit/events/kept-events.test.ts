import { expect } from 'chai';
import { limits } from '../../../server/core/limits.ts';
import { keptEvents } from '../../../server/events/kept-events.ts';
import type { HappenedRow, NumberedEvent } from '../../../server/store/delivery-port.ts';

function event(subscription: string, number: number): NumberedEvent {
  const place = { sequence: 1, index: number, topic: 'starter-created', focus: '', at: '2026-12-01T00:00:00.000Z' };
  return { subscription, number, ...place, about: '{}' };
}

function events(subscription: string, from: number, to: number): readonly NumberedEvent[] {
  return Array.from({ length: to - from + 1 }, (_, at) => event(subscription, from + at));
}

/** The same as one row. */
function row(subscription: string, from: number, to: number): HappenedRow {
  return { events: events(subscription, from, to), countedBy: [{ subscription, first: from }] };
}

/** Events in memory before a store that tells what it was asked for. */
function kept() {
  const asked: string[] = [];
  const held = keptEvents(() => ({
    async events(subscription, from, to) {
      asked.push(`${subscription} ${from}-${to}`);
      return events(subscription, from, to);
    },
  }));
  const numbers = async (subscription: string, from: number, to: number) =>
    (await held.take(subscription, from, to)).map(({ number }) => number);
  return { ...held, asked, numbers };
}

describe('Events that wait to be sent', () => {
  it('are not read again where they were just written, each subscription’s its own', async () => {
    const { keep, numbers, asked } = kept();
    keep([row('a', 1, 4), row('b', 7, 9)]);
    expect(await numbers('a', 1, 2)).to.eql([1, 2]);
    expect(await numbers('b', 7, 9)).to.eql([7, 8, 9]);
    expect(await numbers('a', 3, 4)).to.eql([3, 4]);
    expect(asked).to.eql([]);
  });

  it('are read from the store where they are sent again, or were never kept', async () => {
    const { keep, numbers, asked } = kept();
    keep([row('a', 3, 6)]);
    expect(await numbers('a', 1, 2)).to.eql([1, 2]);
    expect(await numbers('a', 3, 4)).to.eql([3, 4]);
    expect(await numbers('a', 3, 4)).to.eql([3, 4]);
    expect(await numbers('a', 5, 8)).to.eql([5, 6, 7, 8]);
    expect(await numbers('a', 3, 4)).to.eql([3, 4]);
    expect(asked).to.eql(['a 1-2', 'a 5-8', 'a 3-4']);
  });

  it('are kept once for all who count them', async () => {
    const { keep, numbers, asked } = kept();
    const most = limits.eventsKeptMax;
    const countedBy = ['a', 'b', 'c'].map((subscription, at) => ({ subscription, first: 10 * at + 1 }));
    keep([{ events: events('', 1, most), countedBy }]);
    for (const { subscription, first } of countedBy) {
      expect(await numbers(subscription, first, first + 1)).to.eql([first, first + 1]);
      expect(await numbers(subscription, first + 2, first + most - 1)).to.have.length(most - 2);
    }
    keep([row('d', 1, most)]);
    expect(await numbers('d', 1, most)).to.have.length(most);
    expect(asked).to.eql([]);
  });

  it('leave no gap where some were passed over', async () => {
    const { keep, numbers, asked } = kept();
    keep([row('a', 1, 2)]);
    keep([row('a', 4, 5)]);
    expect(await numbers('a', 1, 5)).to.eql([1, 2, 3, 4, 5]);
    keep([row('a', 6, 7)]);
    expect(await numbers('a', 6, 7)).to.eql([6, 7]);
    expect(asked).to.eql(['a 1-5']);
  });

  it('are no more than there is room for: the oldest go, which nobody may ever take', async () => {
    const { keep, numbers, drop, asked } = kept();
    const half = limits.eventsKeptMax / 2;
    keep([row('socket', 1, half), row('a', 1, half)]);
    expect(await numbers('a', 1, half)).to.have.length(half);
    keep([row('b', 1, half), row('c', 1, 2)]);
    expect(asked).to.eql([]);
    expect([await numbers('b', 1, 2), await numbers('c', 1, 2)]).to.eql([
      [1, 2],
      [1, 2],
    ]);
    expect(asked).to.eql([]);
    expect(await numbers('socket', 1, 2)).to.eql([1, 2]);
    expect(asked).to.eql(['socket 1-2']);
    keep([row('d', 1, 2 * half + 1), row('e', 1, half)]);
    expect(await numbers('d', 1, 1)).to.eql([1]);
    expect(await numbers('e', 1, 1)).to.eql([1]);
    expect(asked).to.eql(['socket 1-2', 'd 1-1']);
    drop('e');
    expect(await numbers('e', 1, 1)).to.eql([1]);
    expect(asked).to.eql(['socket 1-2', 'd 1-1', 'e 1-1']);
  });
});
