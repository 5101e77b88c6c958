import { expect } from 'chai';
import fc from 'fast-check';
import { auditEventId, auditEventRow } from '../../../server/audit/event-id.ts';

describe('The id of an AuditEvent', () => {
  it('is a FHIR id that names its writer and number, and no other id names them', () => {
    const writer = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,47}$/);
    const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(writer, number, (name, count) => {
        const id = auditEventId(name, count);
        expect(id).to.match(/^[A-Za-z0-9.-]{1,64}$/);
        expect(auditEventRow(id)).to.deep.equal({ writer: name, number: count });
      }),
    );
  });

  it('names nothing where no writer could have made it', () => {
    for (const id of ['', 'serve', 'serve-', 'serve-0', 'serve-01', 'Serve-1', 'serve-1!', `serve-${'z'.repeat(11)}`])
      expect(auditEventRow(id), id).to.equal(undefined);
  });
});
