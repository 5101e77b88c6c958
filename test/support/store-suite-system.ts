import { expect } from 'chai';
import type { OAuthRow } from '../../server/store/port.ts';
import { at, refusal, type StoreContext } from './store-fixture.ts';

const oauthRow = (id: string, more: Partial<OAuthRow> = {}): OAuthRow => ({
  model: 'AccessToken',
  id,
  payload: '{"a":1}',
  expiresAt: at(60),
  grantId: null,
  uid: null,
  consumedAt: null,
  ...more,
});

export function describeSystem(context: StoreContext): void {
  describeDocuments(context);
  describeLeases(context);
  describeOAuth(context);
}

function describeDocuments(context: StoreContext): void {
  describe('documents', () => {
    const documents = () => context.store().system.documents;

    it('puts, gets, lists by id, removes', async () => {
      await documents().put('client', 'b', '1');
      await documents().put('client', 'a', '2');
      await documents().put('client', 'b', '3');
      await documents().put('user', 'b', '4');
      expect(await documents().get('client', 'b')).to.equal('3');
      expect(await documents().get('client', 'none')).to.equal(undefined);
      expect(await documents().list('client')).to.deep.equal([
        { id: 'a', document: '2' },
        { id: 'b', document: '3' },
      ]);
      await documents().remove('client', 'b');
      expect(await documents().get('client', 'b')).to.equal(undefined);
      expect(await documents().get('user', 'b')).to.equal('4');
    });

    it('inserts where absent only', async () => {
      expect(await documents().insert('key', 'k', '1')).to.equal(true);
      expect(await documents().insert('key', 'k', '2')).to.equal(false);
      expect(await documents().get('key', 'k')).to.equal('1');
    });

    it("counts every change, another store's too", async () => {
      const other = (await context.another()).system.documents;
      let before = await documents().counter();
      const rises = async (change: () => Promise<unknown>) => {
        await change();
        const after = await documents().counter();
        const rose = after > before;
        before = after;
        return rose;
      };
      expect(await rises(() => other.put('client', 'a', '1'))).to.equal(true);
      expect(await rises(() => documents().put('client', 'a', '2'))).to.equal(true);
      expect(await rises(() => other.insert('client', 'b', '1'))).to.equal(true);
      expect(await rises(() => other.remove('client', 'a'))).to.equal(true);
      expect(await rises(() => other.get('client', 'b'))).to.equal(false);
    });
  });
}

function describeLeases(context: StoreContext): void {
  describe('leases', () => {
    const leases = () => context.store().system.leases;
    const now = (seconds: number) => new Date(at(seconds));

    it('gives a name to one owner at a time, with rising epochs', async () => {
      const first = await leases().acquire('ingest', 'a', 10, now(0));
      expect(first).to.deep.equal({ name: 'ingest', owner: 'a', epoch: 1, expiresAt: at(10) });
      expect(await leases().acquire('ingest', 'b', 10, now(5))).to.equal(undefined);
      expect((await leases().acquire('other', 'b', 10, now(5)))?.epoch).to.equal(1);
      expect(await leases().current('ingest')).to.deep.equal(first);
      const second = await leases().acquire('ingest', 'b', 10, now(10));
      expect(second?.epoch).to.equal(2);
    });

    it('extends a lease that is still held', async () => {
      const first = await leases().acquire('ingest', 'a', 10, now(0));
      if (first === undefined) throw new Error('not acquired');
      const longer = await leases().renew(first, 10, now(8));
      expect(longer).to.deep.equal({ ...first, expiresAt: at(18) });
      expect(await leases().acquire('ingest', 'b', 10, now(12))).to.equal(undefined);
      expect((await leases().acquire('ingest', 'b', 10, now(18)))?.epoch).to.equal(2);
      expect(await leases().renew(first, 10, now(19))).to.equal(undefined);
    });

    it('frees a released name, and lets nobody release what is not theirs', async () => {
      const first = await leases().acquire('ingest', 'a', 10, now(0));
      if (first === undefined) throw new Error('not acquired');
      await leases().release({ ...first, owner: 'b' });
      await leases().release({ ...first, epoch: 2 });
      expect(await leases().current('ingest')).to.deep.equal(first);
      await leases().release(first);
      expect(await leases().current('ingest')).to.equal(undefined);
      expect(await leases().renew(first, 10, now(1))).to.equal(undefined);
      expect((await leases().acquire('ingest', 'b', 10, now(1)))?.epoch).to.equal(2);
    });

    it('gives a free name to one of two stores', async () => {
      const other = await context.another();
      const got = await Promise.all([
        leases().acquire('ingest', 'a', 10, now(0)),
        other.system.leases.acquire('ingest', 'b', 10, now(0)),
      ]);
      expect(got.filter((lease) => lease !== undefined)).to.have.length(1);
    });

    it('gives a name to exactly one of fifty, free or expired', async () => {
      const stores = [leases(), (await context.another()).system.leases];
      for (const [epoch, second] of [0, 10].entries()) {
        const asked = Array.from({ length: 50 }, (_, n) => stores[n % 2]?.acquire('ingest', `o${n}`, 10, now(second)));
        const got = (await Promise.all(asked)).filter((lease) => lease !== undefined);
        expect(got.map((lease) => lease.epoch)).to.deep.equal([epoch + 1]);
        expect(await leases().current('ingest')).to.deep.equal(got[0]);
      }
    });
  });
}

function describeOAuth(context: StoreContext): void {
  describe('oauth', () => {
    const oauth = () => context.store().system.oauth;
    const now = (seconds: number) => new Date(at(seconds));

    it('keeps rows by model and id until they expire', async () => {
      const row = oauthRow('a', { uid: 'u', grantId: 'g' });
      const forever = oauthRow('b', { expiresAt: null });
      await oauth().put(row, false);
      await oauth().put(forever, false);
      expect(await oauth().get('AccessToken', 'a', now(59))).to.deep.equal(row);
      expect(await oauth().getByUid('AccessToken', 'u', now(59))).to.deep.equal(row);
      expect(await oauth().get('AccessToken', 'a', now(60))).to.equal(undefined);
      expect(await oauth().getByUid('AccessToken', 'u', now(60))).to.equal(undefined);
      expect(await oauth().get('Session', 'a', now(0))).to.equal(undefined);
      await oauth().sweep(now(60));
      expect(await oauth().get('AccessToken', 'a', now(0))).to.equal(undefined);
      expect(await oauth().get('AccessToken', 'b', now(9999))).to.deep.equal(forever);
    });

    it('replaces a row, unless it must be new', async () => {
      await oauth().put(oauthRow('a'), true);
      expect(await refusal(oauth().put(oauthRow('a', { payload: '{}' }), true))).to.equal('exists');
      await oauth().put(oauthRow('a', { payload: '{"b":2}' }), false);
      expect((await oauth().get('AccessToken', 'a', now(0)))?.payload).to.equal('{"b":2}');
    });

    it('takes a jti from exactly one of fifty', async () => {
      const stores = [oauth(), (await context.another()).system.oauth];
      const puts = Array.from({ length: 50 }, async (_, n) => {
        const row = oauthRow('j1', { model: 'ReplayDetection', payload: String(n) });
        return refusal(stores[n % 2]?.put(row, true) ?? Promise.reject(new Error('no store')));
      });
      const results = await Promise.all(puts);
      const winner = results.indexOf(undefined);
      expect(results.toSpliced(winner, 1)).to.deep.equal(Array.from({ length: 49 }, () => 'exists'));
      expect((await oauth().get('ReplayDetection', 'j1', now(0)))?.payload).to.equal(String(winner));
    });

    it('consumes a row for exactly one of many, in several stores', async () => {
      const other = await context.another();
      await oauth().put(oauthRow('a'), false);
      const won = await Promise.all(
        [oauth(), other.system.oauth, oauth(), other.system.oauth].map((one) =>
          one.consume('AccessToken', 'a', now(1)),
        ),
      );
      expect(won.filter((one) => one)).to.have.length(1);
      expect((await oauth().get('AccessToken', 'a', now(2)))?.consumedAt).to.equal(at(1));
      expect(await oauth().consume('AccessToken', 'none', now(1))).to.equal(false);
    });

    it("lists the ids of a model, another store's too", async () => {
      const other = (await context.another()).system.oauth;
      await oauth().put(oauthRow('a'), false);
      await other.put(oauthRow('b'), false);
      await oauth().put(oauthRow('s', { model: 'Session' }), false);
      expect((await oauth().ids('AccessToken')).toSorted()).to.deep.equal(['a', 'b']);
      expect(await oauth().ids('Grant')).to.deep.equal([]);
    });

    it('removes one row, or those of a grant', async () => {
      for (const id of ['a', 'b', 'c']) await oauth().put(oauthRow(id, { grantId: id === 'c' ? 'h' : 'g' }), false);
      await oauth().put(oauthRow('s', { model: 'Session', grantId: 'g' }), false);
      await oauth().removeByGrant('AccessToken', 'g');
      const left = async (id: string) => (await oauth().get('AccessToken', id, now(0))) !== undefined;
      expect([await left('a'), await left('b'), await left('c')]).to.deep.equal([false, false, true]);
      expect(await oauth().get('Session', 's', now(0))).to.not.equal(undefined);
      await oauth().remove('AccessToken', 'c');
      expect(await left('c')).to.equal(false);
    });
  });
}
