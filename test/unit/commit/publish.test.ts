import { expect } from 'chai';
import type { ProjectedUnit, Projector, PublishedWarning } from '../../../server/commit/projected.ts';
import { type Publishing, publishUnits } from '../../../server/commit/publish.ts';
import type { Unit } from '../../../server/record/unit.ts';
import type { TenantStore } from '../../../server/store/port.ts';
import { type TenantRig, tenantRig } from '../../support/tenant-rig.ts';

const anna: Unit = { kind: 'person', id: 'anna' };
const bert: Unit = { kind: 'person', id: 'bert' };
const clock = { now: () => new Date('2026-04-01T09:00:00.000Z') };

/** What a unit shows, as a test says it: resources by id with their text, and warnings. */
interface Shown {
  readonly resources: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
  readonly due?: string;
}

function projectorOf(shown: ReadonlyMap<Unit, Shown>): Projector {
  return {
    mapping: 'm1',
    project: async (units) => units.map((unit) => projected(unit, shown.get(unit) ?? { resources: {} })),
    origin: () => ({ file: 'f1', lines: [7] }),
  };
}

function projected(unit: Unit, { resources, warnings = [], due }: Shown): ProjectedUnit {
  return {
    unit,
    resources: Object.entries(resources).map(([id, text]) => ({
      type: 'Practitioner',
      id,
      resource: { resourceType: 'Practitioner', id, meta: { profile: ['urn:p'] }, text },
      sources: [{ type: 'person' as const, id: unit.id }],
    })),
    warnings: warnings.map(warning),
    due: due ?? null,
  };
}

function warning(rule: string): PublishedWarning {
  return { rule, record: { type: 'person', id: 'anna' }, field: null, message: 'Something is odd.', waitsFor: null };
}

function publishing(store: TenantStore, shown: ReadonlyMap<Unit, Shown>): Publishing {
  const projectors = [{ contract: 'v1', projector: projectorOf(shown) }];
  return { store, clock, software: 'test 1', parameters: new Map(), cause: 'file', file: 'f1', projectors };
}

describe('publishing units', () => {
  let rig: TenantRig;
  const publish = (...shown: [Unit, Shown][]) =>
    publishUnits(
      publishing(rig.store, new Map(shown)),
      shown.map(([unit]) => unit),
      () => [],
    );
  const read = (id: string) => rig.store.resources.read({ contract: 'v1', type: 'Practitioner', id });

  beforeEach(async () => {
    rig = await tenantRig();
  });
  afterEach(() => rig.close());

  it('serialises a resource once, with its version and the batch’s time in meta', async () => {
    await publish([anna, { resources: { a: 'one' } }]);
    const stored = await read('a');
    expect(JSON.parse(stored?.body.toString() ?? '')).to.deep.equal({
      resourceType: 'Practitioner',
      id: 'a',
      meta: { versionId: '1', lastUpdated: stored?.at, profile: ['urn:p'] },
      text: 'one',
    });
  });

  it('touches nothing that shows the same', async () => {
    await publish([anna, { resources: { a: 'one' } }]);
    const counts = await publish([anna, { resources: { a: 'one' } }]);
    expect(counts).to.include({ created: 0, changed: 0, removed: 0 });
    expect((await read('a'))?.version).to.equal(1);
  });

  it('makes a version of what differs and deletes what is not shown any more', async () => {
    await publish([anna, { resources: { a: 'one', b: 'one' } }]);
    const counts = await publish([anna, { resources: { a: 'two' } }]);
    expect(counts).to.include({ created: 0, changed: 1, removed: 1 });
    expect(await read('b')).to.include({ change: 'delete', version: 2 });
    expect(await publish([anna, { resources: { a: 'two', b: 'one' } }])).to.include({ created: 1 });
    expect(await read('b')).to.include({ change: 'create', version: 3 });
  });

  it('keeps the id and history of a role that moves to another person, in whichever order they come', async () => {
    await publish([anna, { resources: { role: 'one' } }], [bert, { resources: {} }]);
    await publish([anna, { resources: {} }], [bert, { resources: { role: 'two' } }]);
    expect(await read('role')).to.include({ version: 2, change: 'update' });
    await publish([anna, { resources: { role: 'three' } }], [bert, { resources: {} }]);
    expect(await read('role')).to.include({ version: 3, change: 'update' });
  });

  it('opens a warning once and closes it when the doubt is gone', async () => {
    const open = () => rig.store.ledger.exceptions({ state: 'open' });
    const first = await publish([anna, { resources: { a: 'one' }, warnings: ['code-unknown'] }]);
    expect(first.warnings).to.deep.equal({ 'code-unknown': 1 });
    const second = await publish([anna, { resources: { a: 'one' }, warnings: ['code-unknown'] }]);
    expect(second.warnings).to.deep.equal({});
    expect(await open()).to.have.length(1);
    expect((await open())[0]).to.include({ rule: 'code-unknown', severity: 'warning', file: 'f1', line: 7 });
    await publish([anna, { resources: { a: 'one' } }]);
    expect(await open()).to.have.length(0);
    await publish([anna, { resources: { a: 'one' }, warnings: ['code-unknown'] }]);
    expect(await open()).to.have.length(1);
  });

  it('remembers when the unit is due next, and forgets it', async () => {
    await publish([anna, { resources: { a: 'one' }, due: '2026-05-01' }]);
    expect(await rig.store.records.due('2026-05-01', 10)).to.deep.equal([anna]);
    await publish([anna, { resources: { a: 'one' } }]);
    expect(await rig.store.records.due('2026-05-01', 10)).to.deep.equal([]);
  });

  it('says where every version came from', async () => {
    await publish([anna, { resources: { a: 'one' } }]);
    const lineage = await rig.store.ledger.lineage({ contract: 'v1', type: 'Practitioner', id: 'a' }, 1);
    expect(lineage).to.deep.equal({
      file: 'f1',
      cause: 'file',
      sources: [{ type: 'person', id: 'anna', file: 'f1', lines: [7] }],
      mapping: 'm1',
      software: 'test 1',
    });
  });
});
