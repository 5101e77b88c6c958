import { expect } from 'chai';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { at, refusal, resource, type StoreContext, tenantOf } from './store-fixture.ts';

const key = { contract: 'v1', type: 'Practitioner', id: 'p1' };

/** What `work` is refused with, within the 2 seconds that a store has to notice what another one did. */
async function noticed(work: () => Promise<unknown>): Promise<string | undefined> {
  const until = Date.now() + 2000;
  for (;;) {
    const refused = await refusal(work());
    if (refused !== undefined || Date.now() > until) return refused;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function describeTenants(context: StoreContext): void {
  describe('tenants', () => {
    const opened = (id: string) => refusal(Promise.resolve().then(() => context.tenant(id).head()));

    it('says what it is', () => {
      expect(context.store().capabilities.isolationModels).to.be.an('array').that.is.not.empty;
    });

    it('refuses to make a tenant twice', async () => {
      expect(await refusal(context.create('one'))).to.equal('exists');
    });

    it('knows no tenant that was never made', async () => {
      expect(await opened('three')).to.equal('no-tenant');
    });

    it('opens to no grant that is none: not to a forgotten tenant, a cast, a copy or a condition', async () => {
      await context.tenant('one').transact([resource('p1')], at(1));
      const good = grantTenant('one', 'operator');
      for (const forged of [undefined, null, {}, 'one', { tenant: 'one', by: 'token' }, { ...good }, { tenant: '' }]) {
        expect(() => context.store().tenant(forged as never), JSON.stringify(forged)).to.throw(/by a grant/);
      }
      for (const tenant of ['', '*', '../one', 'ONE', { $ne: null }, undefined]) {
        expect(() => grantTenant(tenant as never, 'token'), JSON.stringify(tenant)).to.throw(/well-formed/);
      }
      expect((await context.store().tenant(good).resources.read(key))?.version).to.equal(1);
    });

    it('keeps equal ids of two tenants apart', async () => {
      await context.tenant('one').transact([resource('p1', { body: 'ours' })], at(1));
      expect(await context.tenant('two').resources.read(key)).to.equal(undefined);
      await context.tenant('two').transact([resource('p1', { tenant: 'two', body: 'theirs' })], at(1));
      expect((await context.tenant('one').resources.read(key))?.body.toString()).to.equal('ours');
      expect((await context.tenant('two').resources.read(key))?.body.toString()).to.equal('theirs');
    });

    it('finds a tenant that another store made', async () => {
      const other = await context.another();
      await other.createTenant('late');
      await tenantOf(other, 'late').transact([resource('p1', { tenant: 'late' })], at(1));
      expect((await context.tenant('late').resources.read(key))?.version).to.equal(1);
    });

    it('serves nothing of a destroyed tenant, here or in another store, and may be told twice', async () => {
      const other = await context.another();
      await context.tenant('one').transact([resource('p1')], at(1));
      await tenantOf(other, 'one').resources.read(key);
      await context.store().destroyTenant('one');
      await context.store().destroyTenant('one');
      expect(await opened('one')).to.equal('no-tenant');
      expect(await noticed(async () => tenantOf(other, 'one').head())).to.equal('no-tenant');
      expect((await context.tenant('two').head()).sequence).to.equal(0);
    });

    it('starts a tenant made again under an old id with nothing', async () => {
      const other = await context.another();
      await tenantOf(other, 'one').transact([resource('p1')], at(1));
      await context.store().destroyTenant('one');
      await context.create('one');
      expect((await context.tenant('one').head()).sequence).to.equal(0);
      expect(await noticed(async () => tenantOf(other, 'one').resources.read(key))).to.equal(undefined);
      await tenantOf(other, 'one').transact([resource('p1', { body: 'new' })], at(2));
      expect((await context.tenant('one').resources.read(key))?.body.toString()).to.equal('new');
    });

    it('keeps everything over a close', async () => {
      await context.tenant().transact([resource('p1')], at(1));
      await context.store().system.documents.put('tenant', 'one', '{}');
      await context.reopen();
      expect(await context.tenant().head()).to.deep.equal({ sequence: 1, at: at(1) });
      expect((await context.tenant().resources.read(key))?.body.toString()).to.equal(resource('p1').body);
      expect(await context.store().system.documents.get('tenant', 'one')).to.equal('{}');
    });

    it('sees at once what another store on the same place wrote', async () => {
      const other = tenantOf(await context.another(), 'one');
      await context.tenant().transact([resource('p1')], at(1));
      expect((await other.resources.read(key))?.version).to.equal(1);
      await other.transact([resource('p1', { version: 2 })], at(2));
      expect((await context.tenant().resources.read(key))?.version).to.equal(2);
      expect(await context.tenant().head()).to.deep.equal({ sequence: 2, at: at(2) });
    });
  });
}
