import { expect } from 'chai';
import { type Trace, traceFile, tracePerson, traceResource } from '../../../server/lineage/trace.ts';
import { type TenantRig, tenantRig } from '../../support/tenant-rig.ts';
import { twoFiles } from './rig.ts';

const versions = (trace: Trace | undefined) =>
  trace?.versions.map(({ type, id, version }) => `${type}/${id}/${version}`);
const records = (trace: Trace | undefined) =>
  trace?.records.map(({ type, id, file, line }) => `${type}/${id} ${file}:${line}`);
const reads = (trace: Trace | undefined) =>
  trace?.reads.map(({ client, versions: read }) => [client, ...read].join(' '));

describe('A trace', () => {
  let rig: TenantRig;
  before(async () => {
    rig = await tenantRig();
    await twoFiles(rig.store);
  });
  after(() => rig.close());

  it('leads from a file to its records, the versions that it made and who read those', async () => {
    const trace = await traceFile(rig.store, 'f1');
    expect(trace?.file).to.include({ id: 'f1', sequence: 41, state: 'applied' });
    expect(records(trace)).to.deep.equal(['person/1001 f1:2', 'person/1001 f1:3']);
    expect(versions(trace)).to.have.members(['Practitioner/p1/1', 'PractitionerRole/r1/1']);
    expect(reads(trace)).to.deep.equal(['a PractitionerRole/r1/1', 'b Practitioner/p1/1']);
    expect(trace?.notifications).to.deep.equal([]);
    expect(trace?.complete).to.equal(true);
  });

  it('leads from a resource back to all its versions, files and lines, and forward to its reads', async () => {
    const trace = await traceResource(rig.store, { type: 'PractitionerRole', id: 'r1' }, ['v1']);
    expect(trace?.files.map(({ id }) => id)).to.deep.equal(['f1', 'f2']);
    expect(records(trace)).to.deep.equal(['person/1001 f1:2', 'person/1001 f1:3', 'assignment/2001 f2:7']);
    expect(trace?.versions.map(({ version, file, cause }) => [version, file, cause])).to.deep.equal([
      [1, 'f1', 'file'],
      [2, 'f2', 'file'],
      [3, null, 'date'],
    ]);
    expect(reads(trace)).to.deep.equal(['a PractitionerRole/r1/1', 'b PractitionerRole/r1/2']);
  });

  it('leads from an ESR person to everything published of them', async () => {
    const trace = await tracePerson(rig.store, '1001');
    expect(versions(trace)).to.have.members([
      'Practitioner/p1/1',
      'PractitionerRole/r1/1',
      'PractitionerRole/r1/2',
      'PractitionerRole/r1/3',
    ]);
    expect(reads(trace)?.[1]).to.equal('b PractitionerRole/r1/2 Practitioner/p1/1');
  });

  it('leads nowhere from what never was', async () => {
    expect(await traceFile(rig.store, 'f9')).to.equal(undefined);
    expect(await traceResource(rig.store, { type: 'Practitioner', id: 'p9' }, ['v1'])).to.equal(undefined);
    expect(await tracePerson(rig.store, '9')).to.equal(undefined);
  });
});
