import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import type {
  DeliveryAttempt,
  DeliveryRow,
  DeliveryStore,
  Happened,
  NumberedEvent,
} from '../../server/store/delivery-port.ts';
import type { Lease } from '../../server/store/port.ts';
import { at, refusal, type StoreContext, tenantOf } from './store-fixture.ts';

const event = (subscription: string, number: number, focus = ''): NumberedEvent => ({
  ...{ subscription, number, sequence: 10 + number, index: 2, topic: 'starter-created', focus, at: at(number) },
  about: `{"event":"e${number}"}`,
});
const attempt = (id: string, from: number, to: number, more: Partial<DeliveryAttempt> = {}): DeliveryAttempt => ({
  ...{ id, subscription: 's1', kind: 'event-notification', from, to, at: at(9), status: 200, error: null },
  ...{ bytes: 12, sha256: 'ab', milliseconds: 4, ...more },
});
const numbered = (...events: readonly NumberedEvent[]): readonly DeliveryRow[] =>
  events.map(({ subscription, number: first, ...happened }) => ({
    row: 'happened',
    events: [happened],
    countedBy: [{ subscription, first }],
  }));
/** Events counted by several, each from a number of its own. */
const shared = (events: readonly Happened[], countedBy: Readonly<Record<string, number>>): DeliveryRow => ({
  ...{ row: 'happened', events },
  countedBy: Object.entries(countedBy).map(([subscription, first]) => ({ subscription, first })),
});
const happened = (place: number): Happened => ({
  ...{ sequence: 3, index: place, topic: 'starter-created', focus: `Practitioner/p${place}/1`, at: at(place) },
  about: '{}',
});
const note = (id: string, body: string | null): DeliveryRow => ({ row: 'note', kind: 'progress', id, body });

export function describeDelivery(context: StoreContext): void {
  describe('delivery', () => {
    const delivery = (tenant = 'one') => context.tenant(tenant).delivery;
    const lease = async (): Promise<Lease> => {
      const taken = await context.store().system.leases.acquire('delivery/one', `o${Math.random()}`, 30, new Date());
      if (taken === undefined) throw new Error('the lease is taken');
      return taken;
    };

    it('keeps the numbers of a subscription without gaps, and gives none twice', async () => {
      const held = await lease();
      await delivery().write(numbered(event('s1', 1), event('s1', 2), event('s2', 1)), held);
      for (const wrong of [event('s1', 2), event('s1', 4), event('s3', 2)]) {
        expect(await refusal(delivery().write(numbered(wrong), held))).to.equal('conflict');
      }
      await delivery().write(numbered(event('s1', 3)), held);
      expect(await delivery().events('s1', 1, 9, 9)).to.deep.equal([event('s1', 1), event('s1', 2), event('s1', 3)]);
      expect(await delivery().events('s1', 2, 3, 1)).to.deep.equal([event('s1', 2)]);
      expect(await delivery().lastEvent('s1')).to.deep.equal(event('s1', 3));
      expect(await delivery().lastEvent('s4')).to.equal(undefined);
      expect(await delivery('two').lastEvent('s1')).to.equal(undefined);
    });

    it('tells each who counts the same events of its own numbers', async () => {
      const held = await lease();
      await delivery().write(numbered(event('s2', 1), event('s2', 2)), held);
      await delivery().write([shared([1, 2, 3].map(happened), { s1: 1, s2: 3 })], held);
      const rows = [shared([4, 5].map(happened), { s2: 6, s1: 4 }), shared([6, 7].map(happened), { s1: 6 })];
      await delivery().write(rows, held);
      const told = async (...range: Parameters<DeliveryStore['events']>) =>
        (await delivery().events(...range)).map(({ subscription, number, focus }) => [subscription, number, focus]);
      const s1 = [1, 2, 3, 4, 5, 6, 7].map((n) => ['s1', n, `Practitioner/p${n}/1`]);
      expect(await told('s1', 1, 99, 99)).to.deep.equal(s1);
      expect(await told('s1', 2, 4, 99)).to.deep.equal(s1.slice(1, 4));
      expect(await told('s1', 3, 7, 2)).to.deep.equal(s1.slice(2, 4));
      expect(await told('s2', 4, 6, 99)).to.deep.equal([
        ['s2', 4, 'Practitioner/p2/1'],
        ['s2', 5, 'Practitioner/p3/1'],
        ['s2', 6, 'Practitioner/p4/1'],
      ]);
      expect((await delivery().lastEvent('s2'))?.focus).to.equal('Practitioner/p5/1');
      const about = await delivery().about(['Practitioner/p3/1', 'Practitioner/p5/1', 'Practitioner/p6/1']);
      expect(about.map(({ subscription, number }) => `${subscription} ${number}`)).to.deep.equal([
        ...['s1 3', 's1 5', 's1 6', 's2 5', 's2 7'],
      ]);
      expect(await refusal(delivery().write([shared([happened(8)], { s1: 8, s2: 9 })], held))).to.equal('conflict');
    });

    it('forgets of events that several count what each may lose', async () => {
      const held = await lease();
      await delivery().write([shared([1, 2, 3].map(happened), { s1: 1, s2: 1 })], held);
      await delivery().write([shared([4, 5].map(happened), { s1: 4 })], held);
      const numbers = async (one: string) => (await delivery().events(one, 1, 9, 9)).map(({ number }) => number);
      await delivery().write([{ row: 'forget', before: at(3), limit: 9 }], held);
      expect([await numbers('s1'), await numbers('s2')]).to.deep.equal([[3, 4, 5], [3]]);
      expect(await delivery().about(['Practitioner/p2/1'])).to.deep.equal([]);
      await delivery().write([{ row: 'forget', before: at(9), limit: 2 }], held);
      expect([await numbers('s1'), await numbers('s2')]).to.deep.equal([[5], [3]]);
      expect((await delivery().about(['Practitioner/p3/1'])).map(({ subscription }) => subscription)).to.eql(['s2']);
      await delivery().write([shared([6, 7].map(happened), { s1: 6, s2: 4 })], held);
      await delivery().write([{ row: 'forget', before: at(9), limit: 9 }], held);
      expect([await numbers('s1'), await numbers('s2')]).to.deep.equal([[7], [5]]);
      expect((await delivery().lastEvent('s2'))?.focus).to.equal('Practitioner/p7/1');
    });

    it('finds the events about a version', async () => {
      const rows = [event('s1', 1, 'Practitioner/p/1'), event('s1', 2), event('s2', 1, 'Practitioner/p/1')];
      await delivery().write(numbered(...rows), await lease());
      expect(await delivery().about(['Practitioner/p/1', 'Practitioner/p/2', ''])).to.deep.equal([rows[0], rows[2]]);
      expect(await delivery().about([])).to.deep.equal([]);
    });

    it('tells the attempts at a range of numbers, oldest first', async () => {
      const failed = attempt('a1', 1, 2, { status: null, error: 'connect', at: at(8) });
      const rows = [failed, attempt('a2', 1, 2), attempt('a3', 3, 3), attempt('a4', 1, 1, { subscription: 's2' })];
      await delivery().write(
        rows.map((row) => ({ row: 'attempt', ...row })),
        await lease(),
      );
      expect(await delivery().attempts('s1', 2, 2, 9)).to.deep.equal([rows[0], rows[1]]);
      expect(await delivery().attempts('s1', 1, 9, 9)).to.deep.equal(rows.slice(0, 3));
      expect(await delivery().attempts('s1', 4, 9, 9)).to.deep.equal([]);
    });

    it('tells the newest attempts, and forgets what is old but a subscription’s newest event', async () => {
      const held = await lease();
      const rows = [attempt('a1', 1, 1, { at: at(1) }), attempt('a2', 2, 2, { at: at(2) }), attempt('a3', 3, 3)];
      await delivery().write([...numbered(event('s1', 1), event('s1', 2), event('s1', 3), event('s2', 1))], held);
      await delivery().write(
        rows.map((row) => ({ row: 'attempt', ...row })),
        held,
      );
      expect(await delivery().lastAttempts('s1', 2)).to.deep.equal(rows.slice(1));
      expect(await delivery().lastAttempts('s2', 2)).to.deep.equal([]);
      await delivery().write([{ row: 'forget', before: at(2), limit: 9 }], held);
      expect((await delivery().events('s1', 1, 9, 9)).map(({ number }) => number)).to.deep.equal([2, 3]);
      expect((await delivery().attempts('s1', 1, 9, 9)).map(({ id }) => id)).to.deep.equal(['a2', 'a3']);
      await delivery().write([{ row: 'forget', before: at(9), limit: 9 }], held);
      expect((await delivery().events('s1', 1, 9, 9)).map(({ number }) => number)).to.deep.equal([3]);
      expect(await delivery().lastEvent('s2')).to.deep.equal(event('s2', 1));
      await delivery().write(numbered(event('s1', 4)), held);
    });

    it('forgets no more at once than it is told, of one subscription after the other', async () => {
      const held = await lease();
      const few = ['s1', 's2', 's3'];
      for (const one of few) await delivery().write(numbered(event(one, 1), event(one, 2), event(one, 3)), held);
      const made = few.flatMap((one) => [1, 2].map((n) => ({ one, n })));
      await delivery().write(
        made.map(({ one, n }) => ({
          row: 'attempt',
          ...attempt(`${one}-${n}`, n, n, { at: at(n), subscription: one }),
        })),
        held,
      );
      const kept = async () => {
        const numbers = await Promise.all(few.map((one) => delivery().events(one, 1, 9, 9)));
        const attempts = await Promise.all(few.map((one) => delivery().lastAttempts(one, 9)));
        return [numbers.map((some) => some.length), attempts.flat().length];
      };
      for (const expected of [
        [[1, 3, 3], 4],
        [[1, 1, 3], 2],
        [[1, 1, 1], 0],
        [[1, 1, 1], 0],
      ]) {
        await delivery().write([{ row: 'forget', before: at(9), limit: 2 }], held);
        expect(await kept()).to.deep.equal(expected);
      }
    });

    it('replaces and forgets notes', async () => {
      const held = await lease();
      await delivery().write([note('s1', '1'), note('s2', '2')], held);
      await delivery().write([note('s1', '3'), note('s2', null)], held);
      expect([...(await delivery().notes('progress'))]).to.deep.equal([['s1', '3']]);
      expect(await delivery().note('progress', 's1')).to.equal('3');
      expect(await delivery().note('progress', 's2')).to.equal(undefined);
      expect([...(await delivery().notes('matched'))]).to.deep.equal([]);
    });

    it('keeps what was asked until it is done', async () => {
      await delivery().ask('q1', 'replay');
      await delivery().ask('q2', 'pause');
      expect([...(await delivery().asked())]).to.deep.equal([...Object.entries({ q1: 'replay', q2: 'pause' })]);
      await delivery().write([{ row: 'done', id: 'q1' }], await lease());
      expect([...(await delivery().asked())]).to.deep.equal([['q2', 'pause']]);
    });

    it('is written as a whole or not at all', async () => {
      const held = await lease();
      const rows = [...numbered(event('s1', 1)), note('s1', '1'), ...numbered(event('s2', 2))];
      expect(await refusal(delivery().write(rows, held))).to.equal('conflict');
      expect(await delivery().lastEvent('s1')).to.equal(undefined);
      expect(await delivery().note('progress', 's1')).to.equal(undefined);
    });

    it('stays as the next holder finds it after its fence, whatever earlier holders were about to write', async () => {
      const others = await Promise.all(Array.from({ length: 5 }, () => context.another()));
      const { leases } = context.store().system;
      const first = present(await leases.acquire('delivery/one', 'a', 30, new Date(at(0))), 'the first lease');
      const writes = others.flatMap((other, o) =>
        Array.from({ length: 10 }, (_, n) =>
          refusal(tenantOf(other, 'one').delivery.write([note(`${o}/${n}`, 'early')], first)),
        ),
      );
      await writes[0];
      const second = present(await leases.acquire('delivery/one', 'b', 30, new Date(at(31))), 'the second lease');
      await delivery().fence(second);
      const found = await delivery().notes('progress');
      const refused = await Promise.all(writes);
      expect(await delivery().notes('progress')).to.deep.equal(found);
      expect(refused.filter((one) => one === undefined)).to.have.length(found.size);
      expect([undefined, 'fenced']).to.include.members([...new Set(refused)]);
      expect(await refusal(delivery().fence(first))).to.equal('fenced');
      await delivery().write([note('0/0', 'late')], second);
      expect(await delivery().note('progress', '0/0')).to.equal('late');
    });

    it('refuses whoever lost the lease, and keeps all across a restart', async () => {
      const first = await lease();
      await delivery().write([...numbered(event('s1', 1)), note('s1', 'first')], first);
      await context.store().system.leases.release(first);
      const second = await lease();
      expect(await refusal(delivery().write([note('s1', 'late')], first))).to.equal('fenced');
      await delivery().write([note('s1', 'second')], second);
      expect(await refusal(delivery().write(numbered(event('s1', 2)), first))).to.equal('fenced');
      await context.reopen();
      expect(await delivery().note('progress', 's1')).to.equal('second');
      expect(await delivery().lastEvent('s1')).to.deep.equal(event('s1', 1));
    });
  });
}
