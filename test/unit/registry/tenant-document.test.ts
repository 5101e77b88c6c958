import { expect } from 'chai';
import { AppError } from '../../../server/core/error.ts';
import { tenantFrom, withValue } from '../../../server/registry/tenant-document.ts';

const document = { id: 'rxx', name: 'Demo', ods: ['RXX'], vpds: ['0277'] };

describe('a tenant document', () => {
  it('is filled up with defaults and keeps VPDs without leading zeros', () => {
    const tenant = tenantFrom(document);
    expect(tenant).to.deep.include({ vpds: ['277'], isolation: 'database', status: 'active', contracts: ['v1'] });
    expect(tenant.settings).to.include({ population: 'partial', publishBirthDate: false, absentFullFilesMin: 1 });
  });

  it('is left as it was', () => {
    tenantFrom(document);
    expect(document).to.deep.equal({ id: 'rxx', name: 'Demo', ods: ['RXX'], vpds: ['0277'] });
  });

  it('names every problem', () => {
    expect(() => tenantFrom({ ...document, id: 'R X', colour: 'red' })).to.throw(
      AppError,
      /additional properties: "colour".*/,
    );
  });

  it('publishes birth dates only with a reason', () => {
    const tenant = tenantFrom(document);
    expect(() => withValue(tenant, 'publishBirthDate', 'true')).to.throw('publishBirthDateReason');
    const reasoned = withValue(tenant, 'publishBirthDateReason', 'smartcard identity checks');
    expect(withValue(reasoned, 'publishBirthDate', 'true').settings.publishBirthDate).to.equal(true);
  });

  it('takes single values as text', () => {
    const tenant = tenantFrom(document);
    expect(withValue(tenant, 'settings.removalShareMax', '0.1').settings.removalShareMax).to.equal(0.1);
    expect(withValue(tenant, 'ods', 'RXX, RYY').ods).to.deep.equal(['RXX', 'RYY']);
    expect(withValue(tenant, 'flags.beta', 'true').flags).to.deep.equal({ beta: true });
    expect(withValue(tenant, 'workingStatuses', 'Active Assignment').settings.workingStatuses).to.have.length(1);
    expect(() => withValue(tenant, 'colour', 'red')).to.throw('no setting colour');
  });
});
