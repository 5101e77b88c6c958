import { expect } from 'chai';
import type { ResourceOp } from '../../server/store/port.ts';
import { at, deletion, reference, resource, type StoreContext } from './store-fixture.ts';

const key = { contract: 'v1', type: 'Practitioner', id: 'p1' };

export function describeResources(context: StoreContext): void {
  describe('resources', () => {
    const reader = () => context.tenant().resources;
    const write = (n: number, ...ops: readonly ResourceOp[]) => context.tenant().transact(ops, at(n));

    it('serves the bytes that were written, and where they stand', async () => {
      const body = '{"name":"Siân Ŵyn O’Neil – 日本 \u{1F600}"}';
      await write(1, resource('p1', { body }));
      expect(await reader().read(key)).to.deep.equal({
        ...key,
        version: 1,
        sequence: 1,
        at: at(1),
        change: 'create',
        body: Buffer.from(body),
      });
    });

    it('answers the same when asked again, and the new version once there is one', async () => {
      await write(1, resource('p1'));
      const first = await reader().read(key);
      expect(await reader().read(key)).to.deep.equal(first);
      await write(2, resource('p1', { version: 2, body: 'new' }));
      expect((await reader().read(key))?.body.toString()).to.equal('new');
      expect(await reader().vread(key, 1)).to.deep.equal(first);
    });

    it('knows nothing of ids, types, contracts and versions that never were', async () => {
      await write(1, resource('p1'));
      expect(await reader().read({ ...key, id: 'p2' })).to.equal(undefined);
      expect(await reader().read({ ...key, type: 'Organization' })).to.equal(undefined);
      expect(await reader().read({ ...key, contract: 'v2' })).to.equal(undefined);
      expect(await reader().vread(key, 2)).to.equal(undefined);
      expect(await reader().vread({ ...key, contract: 'v2' }, 1)).to.equal(undefined);
      expect(await reader().history({ ...key, id: 'p2' }, { count: 5 })).to.deep.equal([]);
    });

    it('keeps contracts apart', async () => {
      await write(1, resource('p1', { body: 'one' }), resource('p1', { contract: 'v2', body: 'two' }));
      expect((await reader().read(key))?.body.toString()).to.equal('one');
      expect((await reader().read({ ...key, contract: 'v2' }))?.body.toString()).to.equal('two');
    });

    it('reads a delete as the newest version, with its history, and a return as the next version', async () => {
      await write(1, resource('p1'));
      await write(2, deletion('p1', 2));
      const gone = await reader().read(key);
      expect([gone?.change, gone?.version, gone?.body.length]).to.deep.equal(['delete', 2, 0]);
      expect(await reader().readMany([key])).to.deep.equal([]);
      await write(3, resource('p1', { version: 3, change: 'create', body: 'back' }));
      const history = await reader().history(key, { count: 9 });
      expect(history.map((one) => one.change)).to.deep.equal(['create', 'delete', 'create']);
      expect((await reader().readMany([key])).map((one) => one.version)).to.deep.equal([3]);
    });

    it('pages through a history, newest first', async () => {
      for (let version = 1; version <= 5; version += 1) await write(version, resource('p1', { version }));
      const versions = async (page: { before?: number; count: number }) =>
        (await reader().history(key, page)).map((one) => one.version);
      expect(await versions({ count: 2 })).to.deep.equal([5, 4]);
      expect(await versions({ count: 2, before: 4 })).to.deep.equal([3, 2]);
      expect(await versions({ count: 2, before: 2 })).to.deep.equal([1]);
    });

    it('reads many in the order asked, without those that are not there', async () => {
      await write(1, resource('p1'), resource('p2'), resource('p3'));
      await write(2, deletion('p2', 2));
      const keys = ['p3', 'none', 'p2', 'p1'].map((id) => ({ ...key, id }));
      expect((await reader().readMany(keys)).map((one) => one.id)).to.deep.equal(['p3', 'p1']);
    });

    it('tells the heads of what units own, deleted ones too, in all contracts', async () => {
      const unit = { kind: 'person', id: '7/a' } as const;
      const other = { kind: 'person', id: '8' } as const;
      await write(
        1,
        resource('p1', { unit }),
        resource('p1', { unit, contract: 'v2' }),
        resource('p2', { unit: other }),
      );
      await write(2, deletion('p1', 2, { unit }));
      const heads = await reader().owned([unit, { kind: 'position', id: '7/a' }]);
      expect(heads).to.deep.equal([
        { ...key, version: 2, deleted: true, hash: '', unit },
        { ...key, contract: 'v2', version: 1, deleted: false, hash: 'hash-p1-1', unit },
      ]);
      expect(await reader().owned([])).to.deep.equal([]);
    });

    it('tells the heads of named resources, those that exist', async () => {
      await write(1, resource('p1'), resource('p2'));
      await write(2, deletion('p2', 2));
      const heads = await reader().heads(['p1', 'none', 'p2'].map((id) => ({ ...key, id })));
      expect(heads.map((head) => [head.id, head.version, head.deleted]).toSorted()).to.deep.equal([
        ['p1', 1, false],
        ['p2', 2, true],
      ]);
    });

    it('counts live resources by type', async () => {
      expect(await reader().counts('v1')).to.deep.equal({});
      await write(1, resource('p1'), resource('p2'), resource('r1', { type: 'PractitionerRole' }));
      await write(2, deletion('p2', 2));
      expect(await reader().counts('v1')).to.deep.equal({ Practitioner: 1, PractitionerRole: 1 });
      expect(await reader().counts('v2')).to.deep.equal({});
    });

    it('tells the distinct targets of a reference, of current versions', async () => {
      const role = (id: string, more: Partial<ResourceOp>) => resource(id, { type: 'PractitionerRole', ...more });
      const practitioner = (id: string) => reference('practitioner', `Practitioner/${id}`);
      await write(
        1,
        role('r1', {
          index: [practitioner('a'), reference('location', 'Location/x'), reference('location', 'Location/y')],
        }),
        role('r2', { index: [practitioner('a'), reference('location', 'Location/y')] }),
        role('r3', { index: [practitioner('old')] }),
      );
      await write(2, role('r3', { version: 2, index: [practitioner('b')] }));
      const keys = ['r1', 'r2', 'r3', 'none'].map((id) => ({ contract: 'v1', type: 'PractitionerRole', id }));
      const targets = async (param: string) => (await reader().targets(keys, param)).toSorted();
      expect(await targets('practitioner')).to.deep.equal(['Practitioner/a', 'Practitioner/b']);
      expect(await targets('location')).to.deep.equal(['Location/x', 'Location/y']);
      expect(await targets('organization')).to.deep.equal([]);
    });
  });
}
