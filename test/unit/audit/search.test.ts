import { expect } from 'chai';
import type { AuditEntry } from '../../../server/audit/entry.ts';
import { auditBounds, auditEntity, auditMatches, auditSearch } from '../../../server/audit/search.ts';
import { AppError } from '../../../server/core/error.ts';
import { dateRange } from '../../../server/search/date-range.ts';
import { auditedRead } from '../../support/tenant-rig.ts';

const context = {
  canonicalBase: 'https://esr-fhir.example',
  publicUrl: 'https://fhir.trust.example',
  software: 'esr-fhir 0.1.0',
};

/** `date=ge2026-04-01&agent=a,b` as the caller parses it. */
function search(text: string) {
  const parameters = text.split('&').map((part) => {
    const [name = '', values = ''] = part.split('=');
    const [plain = '', modifier] = name.split(':');
    return { name: plain, values: values.split(','), ...(modifier === undefined ? {} : { modifier }) };
  });
  return auditSearch(parameters, dateRange);
}

function matches(text: string, more: Partial<AuditEntry> = {}): boolean {
  return auditMatches(search(text), 'serve-1', auditedRead(more), context);
}

describe('A search of AuditEvent', () => {
  const yes = [
    ...['date=2026-04-01', 'date=2026-04', 'date=ge2026-04-01', 'date=lt2026-04-02', 'date=sa2026-03-31'],
    ...['date=2026-04-01T09:00:00Z', 'date=le2026-04-01T10:00:00%2B01:00'.replace('%2B', '+'), 'date=ne2026-04-02'],
    ...['agent=client-1', 'agent=other,client-1', 'agent:identifier=https://esr-fhir.example/Id/client|client-1'],
    ...['entity=Practitioner/p1', 'entity=https://a.example/t/rxx/fhir/v1/Practitioner/p1/_history/3', '_id=serve-1'],
    ...['type=rest', 'subtype=http://hl7.org/fhir/restful-interaction|read', 'action=R', 'outcome=0', 'subtype=read'],
    ...['date=ge2026-04-01&date=lt2026-04-02&agent=client-1&outcome=0', '_lastUpdated=2026-04-01'],
    ...['entity:identifier=request-1', 'entity:identifier=|request-1', 'entity-type=2', 'entity-type=XrequestId'],
    ...['entity-type=http://terminology.hl7.org/CodeSystem/audit-entity-type|2', 'source=rxx'],
    ...['source:identifier=https://esr-fhir.example/Id/server|https://fhir.trust.example'],
  ];
  const no = [
    ...['date=2026-04-02', 'date=gt2026-04-01', 'date=eb2026-04-01', 'agent=client-2', 'entity=Practitioner/p2'],
    ...['_id=serve-2', 'type=110114', 'subtype=vread', 'action=E', 'outcome=4,8', 'date=2026-04-01&agent=x'],
    ...['_lastUpdated=gt2026-04-01', 'entity:identifier=request-2', 'entity-type=Practitioner', 'source=ryy'],
    ...['entity:identifier=https://esr-fhir.example/Id/file|request-1', 'source=https://other.example'],
  ];
  for (const text of yes) it(`finds by ${text}`, () => expect(matches(text)).to.equal(true));
  for (const text of no) it(`does not find by ${text}`, () => expect(matches(text)).to.equal(false));

  it('finds what a person did by their id, and by that of the app that they used', () => {
    for (const agent of ['u_1', 'client-1', 'https://esr-fhir.example/Id/user|u_1']) {
      const modifier = agent.includes('|') ? ':identifier' : '';
      expect(matches(`agent${modifier}=${agent}`, { user: 'u_1' }), agent).to.equal(true);
    }
    expect(matches('agent=u_1')).to.equal(false);
    expect(matches('agent=u_1', { user: 'u_2' })).to.equal(false);
  });

  it('finds an ingested file by its id, and what a search returned by its type', () => {
    const file = { kind: 'file', interaction: 'file-applied', type: null, id: 'f1' } as const;
    expect(matches('entity:identifier=https://esr-fhir.example/Id/file|f1', file)).to.equal(true);
    const search = { interaction: 'search-type', id: null, disclosed: ['PractitionerRole/r1/1'] };
    expect(matches('entity-type=http://hl7.org/fhir/resource-types|PractitionerRole', search)).to.equal(true);
  });

  it('finds a refused request by what it asked for', () => {
    expect(matches('entity=Practitioner/p1&outcome=4', { outcome: 4, disclosed: [] })).to.equal(true);
  });

  it('says which parameter is unknown or wrong', () => {
    const wrong = {
      'patient=x': 'unknown-parameter',
      'date=yesterday': 'invalid',
      '_lastUpdated=soon': 'invalid',
      'entity=p1': 'invalid',
    };
    for (const [text, code] of Object.entries({ ...wrong, 'agent:exact=x': 'invalid', 'date=ap2026': 'invalid' })) {
      const name = text.split(/[=:]/)[0];
      expect(() => search(text), text)
        .to.throw(AppError)
        .that.includes({ code, expression: name });
    }
  });

  it('gives a store the bounds outside which nothing can match, and the resource that has an index', () => {
    expect(auditBounds(search('date=ge2026-04-01&date=lt2026-05-01'))).to.deep.equal({
      from: '2026-03-31T23:00:00.000Z',
      to: '2026-04-30T23:00:00.000Z',
    });
    expect(auditBounds(search('date=2026-04-01,2026-04-03'))).to.deep.equal({
      from: '2026-03-31T23:00:00.000Z',
      to: '2026-04-03T23:00:00.000Z',
    });
    expect(auditBounds(search('date=ne2026-04-01'))).to.deep.equal({});
    expect(auditEntity(search('entity=Practitioner/p1'))).to.equal('Practitioner/p1');
    expect(auditEntity(search('entity=Practitioner/p1,Practitioner/p2'))).to.equal(undefined);
  });
});
