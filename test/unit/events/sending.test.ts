import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { systemClock } from '../../../server/core/clock.ts';
import { limits } from '../../../server/core/limits.ts';
import { keptEvents } from '../../../server/events/kept-events.ts';
import { type SendingPlace, sendEvents } from '../../../server/events/sending.ts';
import type { Subscriber } from '../../../server/events/subscriber.ts';
import { rejection } from '../../support/rejection.ts';

const canonicalBase = 'https://esr-fhir.example';
const form = { id: 's1', status: 'active', criteria: `${canonicalBase}/SubscriptionTopic/starter-created` };
const terms = {
  ...{ to: { is: 'topic', topic: 'starter-created', filters: [] }, channel: 'rest-hook', headers: [], maxCount: 1 },
  ...{ endpoint: new URL('http://127.0.0.1/x'), payload: 'application/fhir+json', content: 'empty', timeoutSeconds: 9 },
};
const events = 40;

/** A line of events to a receiver that takes everything at once; `mayGoOn` is asked before each. */
function line(
  mayGoOn: (one: Subscriber, asked: number) => boolean | Promise<boolean>,
  {
    writing = async () => {},
    over = () => false,
  }: Partial<{ writing(to: number): Promise<void>; over(): boolean }> = {},
) {
  const progress = { status: 'active', version: 1, last: events, delivered: 0, failing: null, heardAt: null };
  const one = {
    ...{ id: 's1', contract: 'v1', client: 'c', version: { version: 1 }, form, terms, progress },
    ...{ paceMs: 1, holdUntilMs: 0, faults: 0, askedMeanwhile: false, testAsked: false, rightLost: false },
  } as unknown as Subscriber;
  const kept = keptEvents(() => ({ events: async () => [] }));
  const happened = Array.from({ length: events }, (_, index) => ({
    ...{ sequence: 1, index, topic: 'starter-created', focus: '', at: '2026-11-28T10:00:00.000Z' },
    about: JSON.stringify({ event: `e${index}`, correlationId: 'c' }),
  }));
  kept.keep([{ events: happened, countedBy: [{ subscription: 's1', first: 1 }] }]);
  const sent: string[] = [];
  const sight = { mask: [], whole: () => true };
  let asked = 0;
  const place = {
    store: { tenant: 'rxx', delivery: { lastEvent: async () => undefined } },
    parts: {
      ...{ clock: systemClock, canonicalBase, keys: { derive: () => Buffer.alloc(32) }, audit: async () => {} },
      ...{ base: () => 'http://127.0.0.1/t/rxx/fhir/v1', seenBy: () => sight, random: () => 0 },
      registry: { client: () => undefined, permissionSet: () => ({}) },
      breaker: { waitUntil: () => undefined, noted: () => {} },
      turns: { crowded: () => false },
      channel: {
        async send(_tenant: string, { headers }: { readonly headers: Readonly<Record<string, string>> }) {
          sent.push(headers['webhook-id'] ?? '');
          return { status: 200, error: null, retryAfter: undefined, milliseconds: 0 };
        },
      },
    },
    writer: { write: async () => {}, add: ({ to }: { to: number }) => writing(to), hurry: () => {} },
    ...{ kept, over },
    mayGoOn: () => mayGoOn(one, ++asked),
  } as unknown as SendingPlace;
  return { one, sent, run: () => sendEvents(one, place) };
}

describe('Sending what waits of a subscription', () => {
  it('sends everything in order, whether the answer is known or looked up', async () => {
    const { sent, run } = line((_one, asked) => (asked % 3 === 0 ? Promise.resolve(true) : true));
    await run();
    expect(sent).to.deep.equal(Array.from({ length: events }, (_, index) => `s1.${index + 1}-${index + 1}`));
  });

  it('ends where the answer is no, or the subscription was taken up anew while it was looked up', async () => {
    const refused = line((_one, asked) => (asked < 20 ? true : Promise.resolve(false)));
    await refused.run();
    expect(refused.sent.length).to.be.within(1, 19);
    const changed = line((one, asked) => {
      if (asked < 20) return true;
      one.form = { ...one.form };
      return Promise.resolve(true);
    });
    await changed.run();
    expect(changed.sent.length).to.be.within(1, 19);
  });

  it('fails where the look-up fails, and nobody is left with a failure that he did not ask for', async () => {
    const { sent, run } = line((_one, asked) => (asked < 20 ? true : Promise.reject(new Error('away'))));
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    let failure = '';
    await run().catch((error: Error) => {
      failure = error.message;
    });
    expect(failure).to.equal('away');
    expect(sent.length).to.be.within(1, 19);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).to.deep.equal([]);
  });

  it('ends with what could not be written, though what came after it could', async () => {
    const { sent, run } = line(() => true, {
      async writing(to) {
        if (to === 3) throw new Error('no disk');
      },
    });
    expect((await rejection(run())).message).to.equal('no disk');
    expect(sent.length).to.be.within(3, events - 1);
  });

  it('sends no more than may be unwritten while the store stands still', async () => {
    let release = () => {};
    const standing = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { sent, run } = line(() => true, { writing: () => standing });
    const before = limits.eventsUnwrittenMax;
    Object.assign(limits, { eventsUnwrittenMax: 10 });
    try {
      const done = run();
      await setTimeout(50);
      expect(sent).to.have.length(10);
      release();
      await done;
      expect(sent).to.have.length(events);
    } finally {
      Object.assign(limits, { eventsUnwrittenMax: before });
    }
  });

  it('sends nothing once the process ends', async () => {
    const { sent, run } = line(() => true, { over: () => true });
    await run();
    expect(sent).to.deep.equal([]);
  });
});
