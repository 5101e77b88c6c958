import { expect } from 'chai';
import { type TenantTraces, traceReader } from '../../../server/lineage/trace-reader.ts';
import { type TenantRig, tenantRig } from '../../support/tenant-rig.ts';
import { context, twoFiles } from './rig.ts';

interface Page {
  readonly resources: readonly { readonly id: string }[];
  readonly next?: string;
}

/** Ids of every page of a search, page by page. */
async function pages(search: (after: string | undefined) => Promise<Page>): Promise<readonly (readonly string[])[]> {
  const found: string[][] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await search(after);
    found.push(page.resources.map(({ id }) => id));
    after = page.next;
  }
  return found;
}

describe('The reader of Provenance and AuditEvent', () => {
  let rig: TenantRig;
  let reader: TenantTraces;
  before(async () => {
    rig = await tenantRig();
    await twoFiles(rig.store);
    reader = traceReader(rig.store, context);
  });
  after(() => rig.close());

  const provenance = (targets: readonly string[], count: number) =>
    pages((after) => reader.searchProvenance(targets, { count, ...(after === undefined ? {} : { after }) }));
  const audit = (parameters: Parameters<TenantTraces['searchAudit']>[0], count: number) =>
    pages((after) => reader.searchAudit(parameters, { count, ...(after === undefined ? {} : { after }) }));

  it('finds the Provenance of every version of its targets, newest first, page by page', async () => {
    const role = ['PractitionerRole.r1.3', 'PractitionerRole.r1.2', 'PractitionerRole.r1.1'];
    const targets = ['PractitionerRole/r1', 'Practitioner/p9', 'Practitioner/p1'];
    expect(await provenance(targets, 10)).to.deep.equal([[...role, 'Practitioner.p1.1']]);
    expect(await provenance(targets, 2)).to.deep.equal([role.slice(0, 2), [...role.slice(2), 'Practitioner.p1.1']]);
    expect((await provenance(targets, 1)).flat()).to.deep.equal([...role, 'Practitioner.p1.1']);
    expect(await provenance(['PractitionerRole/r1/_history/2'], 1)).to.deep.equal([['PractitionerRole.r1.2']]);
  });

  it('reads a Provenance by its id, and nothing for a version that never was', async () => {
    const found = await reader.readProvenance('PractitionerRole.r1.2');
    expect(found?.target).to.deep.equal([{ reference: 'PractitionerRole/r1/_history/2' }]);
    expect(await reader.readProvenance('PractitionerRole.r1.9')).to.equal(undefined);
    expect(await reader.readProvenance('nonsense')).to.equal(undefined);
  });

  it('finds audit events newest first, page by page', async () => {
    expect(await audit([], 2)).to.deep.equal([['serve-3', 'serve-2'], ['serve-1']]);
    expect(await audit([{ name: '_sort', values: ['date'] }], 10)).to.deep.equal([['serve-1', 'serve-2', 'serve-3']]);
    expect(await audit([{ name: 'date', values: ['2026-04-02'] }], 10)).to.deep.equal([['serve-2']]);
    expect(await audit([{ name: 'outcome', values: ['4'] }], 10)).to.deep.equal([['serve-3']]);
  });

  it('finds who read a resource and who tried to, whichever request named or returned it', async () => {
    const entity = { name: 'entity', values: ['PractitionerRole/r1'] };
    expect(await audit([entity], 10)).to.deep.equal([['serve-3', 'serve-2', 'serve-1']]);
    expect(await audit([entity], 1)).to.deep.equal([['serve-3'], ['serve-2'], ['serve-1']]);
    expect(await audit([entity, { name: 'agent', values: ['b'] }], 10)).to.deep.equal([['serve-2']]);
    expect(await audit([{ name: 'entity', values: ['Practitioner/other'] }], 10)).to.deep.equal([['serve-2']]);
  });

  it('reads an audit event by its id', async () => {
    expect((await reader.readAudit('serve-2'))?.agent[0]?.who?.identifier?.value).to.equal('b');
    expect(await reader.readAudit('serve-9')).to.equal(undefined);
    expect(await reader.readAudit('nobody-1')).to.equal(undefined);
  });
});
