import { expect } from 'chai';
import { identify } from '../../../server/ingest/identify.ts';
import { tenantFrom } from '../../../server/registry/tenant-document.ts';

const red = tenantFrom({ id: 'red', name: 'Red', ods: ['RRR'], vpds: ['277'] });
const blue = tenantFrom({ id: 'blue', name: 'Blue', ods: ['RBB'], vpds: ['0431'] });
const asleep = tenantFrom({ id: 'asleep', name: 'Asleep', ods: ['RAA'], vpds: ['9'], status: 'suspended' });
const tenants = [red, blue, asleep];

describe('finding whose file it is', () => {
  it('goes by the VPD of the header, leading zeros aside', () => {
    expect(identify('431', undefined, tenants)).to.include({ tenant: blue, refusal: null });
    expect(identify('0277', undefined, tenants)).to.include({ tenant: red, refusal: null });
  });

  it('refuses a VPD that is nobody’s', () => {
    const { tenant, refusal } = identify('999', undefined, tenants);
    expect(tenant).to.equal(null);
    expect(refusal).to.equal('no tenant has VPD 999');
  });

  it('refuses a file whose header belongs to another tenant than its source', () => {
    expect(identify('431', 'red', tenants))
      .to.have.property('refusal')
      .that.includes('VPD 431');
    expect(identify('999', 'red', tenants))
      .to.have.property('refusal')
      .that.includes('VPD 999');
  });

  it('has no default tenant', () => {
    expect(identify(undefined, undefined, tenants)).to.include({ tenant: null });
  });

  it('lets a file without a readable header through to its named tenant, whose ledger gives the reason', () => {
    expect(identify(undefined, 'red', tenants)).to.include({ tenant: red, refusal: null });
  });

  it('refuses files of a suspended tenant', () => {
    expect(identify('9', undefined, tenants)).to.have.property('refusal', 'tenant asleep is suspended');
  });
});
