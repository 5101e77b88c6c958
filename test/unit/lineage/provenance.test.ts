import { expect } from 'chai';
import fc from 'fast-check';
import { renderProvenance } from '../../../server/lineage/provenance.ts';
import { provenanceId, provenanceTarget } from '../../../server/lineage/provenance-id.ts';
import { assignmentSource, context, fileRow, lineageOf, personSource } from './rig.ts';

const version = {
  contract: 'v1',
  type: 'PractitionerRole',
  id: 'r1',
  version: 3,
  sequence: 9,
  at: '2026-04-01T08:00:00.000Z',
  change: 'update',
} as const;
const files = new Map(['f1', 'f2'].map((id) => [id, fileRow(id)]));
const extension = (name: string) => `https://esr-fhir.example/StructureDefinition/${name}`;

describe('A Provenance', () => {
  it('says what version it is about, when, what was done, by what and for whom', () => {
    const provenance = renderProvenance(version, lineageOf('f2', [personSource]), files, context);
    expect(provenance).to.deep.include({
      id: 'PractitionerRole.r1.3',
      target: [{ reference: 'PractitionerRole/r1/_history/3' }],
      recorded: '2026-04-01T08:00:00.000Z',
      // The file's window is Europe/London: its end lies after the clocks went forward.
      occurredPeriod: { start: '2026-03-30T22:00:00.000Z', end: '2026-03-31T22:00:00.000Z' },
      activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: 'UPDATE' }] },
    });
    const [assembler, custodian] = provenance.agent;
    expect(assembler?.who?.display).to.equal('esr-fhir 0.1.0');
    expect(custodian?.who?.identifier).to.deep.equal({
      system: 'https://fhir.nhs.uk/Id/ods-organization-code',
      value: 'RXX',
    });
  });

  it('names the file that made the version first, then the others, with their records and lines', () => {
    const provenance = renderProvenance(version, lineageOf('f2', [personSource, assignmentSource]), files, context);
    expect(provenance.entity?.map(({ role, what }) => [role, what?.identifier?.value])).to.deep.equal([
      ['source', 'f2'],
      ['source', 'f1'],
    ]);
    const [, record] = provenance.entity?.[0]?.extension ?? [];
    expect(record).to.deep.equal({
      url: extension('provenance-record'),
      extension: [
        { url: 'type', valueCode: 'assignment' },
        { url: 'id', valueString: '2001' },
        { url: 'line', valuePositiveInt: 7 },
      ],
    });
    const [file] = provenance.entity?.[0]?.extension ?? [];
    expect(file?.extension?.map(({ url }) => url)).to.deep.equal(['name', 'sha256', 'sequence', 'received']);
  });

  it('of a date that came true occurred on that London day, and still names the sources', () => {
    const at = '2026-04-30T23:00:00.000Z';
    const provenance = renderProvenance({ ...version, at }, lineageOf(null, [personSource]), files, context);
    expect(provenance.occurredDateTime).to.equal('2026-05-01');
    expect(provenance.extension?.[0]).to.deep.equal({ url: extension('provenance-cause'), valueCode: 'date' });
    expect(provenance.entity).to.have.lengthOf(1);
  });

  it('has an id from which its version can be told, and no other', () => {
    const type = fc.constantFrom('Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Basic');
    const id = fc.oneof(fc.uuid(), fc.stringMatching(/^[A-Za-z0-9.-]{1,36}$/));
    fc.assert(
      fc.property(type, id, fc.integer({ min: 1, max: 1e9 }), (kind, key, number) => {
        const name = { type: kind, id: key, version: number };
        expect(provenanceTarget(provenanceId(name))).to.deep.equal(name);
      }),
    );
    for (const other of ['', 'r1', 'PractitionerRole.r1', 'PractitionerRole.r1.0', 'PractitionerRole.r1.03'])
      expect(provenanceTarget(other), other).to.equal(undefined);
  });
});
