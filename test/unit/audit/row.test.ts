import { expect } from 'chai';
import fc from 'fast-check';
import type { AuditEntry } from '../../../server/audit/entry.ts';
import { auditBytes, auditEntry, disclosures } from '../../../server/audit/row.ts';
import { auditedRead } from '../../support/tenant-rig.ts';

/** Texts that look like the row's own keys, beside any others. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(',"e":["Practitioner/x/1"]', '","y":"Basic","d":"b"', '"', '\\', '\u2028'),
);
const maybe = fc.option(text);
const version = fc
  .tuple(fc.constantFrom('Practitioner', 'PractitionerRole'), fc.uuid(), fc.integer({ min: 1, max: 99 }))
  .map((parts) => parts.join('/'));
const entries: fc.Arbitrary<AuditEntry> = fc.record(
  {
    at: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    tenant: maybe,
    kind: fc.constantFrom('rest', 'token', 'file', 'admin'),
    interaction: text,
    client: maybe,
    jti: maybe,
    type: maybe,
    id: maybe,
    query: maybe,
    status: fc.integer({ min: 100, max: 599 }),
    outcome: fc.constantFrom(0, 4, 8),
    reason: maybe,
    requestId: text,
    correlationId: text,
    address: maybe,
    disclosed: fc.array(version),
    user: text,
    mask: fc.array(text, { minLength: 1 }),
    numbers: fc.record({ from: fc.nat(), to: fc.nat() }),
    carried: fc.record({ sequence: fc.nat(), index: fc.nat() }),
  },
  {
    requiredKeys: [
      ...(['at', 'tenant', 'kind', 'interaction', 'client', 'jti', 'type', 'id', 'query', 'status'] as const),
      ...(['outcome', 'reason', 'requestId', 'correlationId', 'address', 'disclosed'] as const),
    ],
  },
);

describe('The compact audit row', () => {
  it('becomes the same entry again, whatever its texts hold', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(auditEntry(auditBytes(entry))).to.deep.equal(entry);
      }),
    );
  });

  it('says what was disclosed, and is not deceived by texts that look like its keys', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const plain = { ...entry, type: null, id: null };
        expect(disclosures(auditBytes(plain))).to.deep.equal(plain.disclosed);
      }),
    );
  });

  it('names the resource that was asked for, also when the request was refused', () => {
    const refused = auditedRead({ status: 403, outcome: 4, disclosed: [] });
    expect(disclosures(auditBytes(refused))).to.deep.equal(['Practitioner/p1/']);
    expect(disclosures(auditBytes(auditedRead()))).to.deep.equal(['Practitioner/p1/', 'Practitioner/p1/3']);
  });

  it('names a correlation id of its own alone', () => {
    const same = auditedRead({ correlationId: auditedRead().requestId });
    expect(auditBytes(same)).not.to.contain('"z":');
    expect(auditEntry(auditBytes(same))).to.deep.equal(same);
  });

  it('has its keys in one order and leaves out what is absent', () => {
    expect(auditBytes(auditedRead({ jti: null, address: null }))).to.equal(
      '{"at":"2026-04-01T09:00:00.000Z","t":"rxx","k":"rest","i":"read","c":"client-1","y":"Practitioner","d":"p1",' +
        '"q":"/t/rxx/fhir/v1/Practitioner/p1","s":200,"o":0,"x":"request-1","z":"correlation-1",' +
        '"e":["Practitioner/p1/3"]}',
    );
  });
});
