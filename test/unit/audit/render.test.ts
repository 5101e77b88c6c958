import { expect } from 'chai';
import type { AuditEntry } from '../../../server/audit/entry.ts';
import { renderAuditEvent } from '../../../server/audit/render.ts';
import { auditedRead } from '../../support/tenant-rig.ts';
import { balpViolations } from './balp.ts';

const context = {
  canonicalBase: 'https://esr-fhir.example',
  publicUrl: 'https://fhir.trust.example',
  software: 'esr-fhir 0.1.0',
};
const render = (more: Partial<AuditEntry> = {}) => renderAuditEvent('serve-1', auditedRead(more), context);
const base = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.';
const oauth = `${base}OAUTHaccessTokenUse.Comprehensive`;

const patterns: readonly (readonly [string, string, Partial<AuditEntry>])[] = [
  ['a read', 'Read', {}],
  ['a vread', 'Read', { interaction: 'vread' }],
  ['a read that was answered 304', 'Read', { status: 304, disclosed: [] }],
  [
    'a search',
    'Query',
    { interaction: 'search-type', id: null, disclosed: ['Practitioner/p1/3', 'Practitioner/p2/1'] },
  ],
  ['a create', 'Create', { interaction: 'create' }],
  ['an update', 'Update', { interaction: 'update' }],
  ['a patch', 'Update', { interaction: 'patch' }],
  ['a delete', 'Delete', { interaction: 'delete', disclosed: [] }],
];

describe('An AuditEvent', () => {
  for (const [what, profile, more] of patterns) {
    it(`of ${what} claims BALP ${profile} and the use of an access token, and keeps to both`, () => {
      const event = render(more);
      expect(event.meta?.profile).to.deep.equal([base + profile, oauth]);
      expect(balpViolations(event)).to.deep.equal([]);
    });
  }

  it('swaps the role codes on a read, since the data flow to the client', () => {
    const codes = render().agent.map(({ type }) => type?.coding?.map(({ code }) => code));
    expect(codes).to.deep.equal([['110152', '110150'], ['110153']]);
  });

  it('names the client and the token that it used', () => {
    const [client] = render().agent;
    expect(client?.who?.identifier?.value).to.equal('client-1');
    expect(client?.policy).to.deep.equal(['urn:ietf:params:oauth:jti:jti-1']);
    expect(client?.network).to.deep.equal({ address: '192.0.2.7', type: '2' });
  });

  for (const [what, profile, more] of patterns) {
    it(`of ${what} in a person's name has them as requestor beside the client, and keeps to BALP ${profile}`, () => {
      const event = render({ ...more, user: 'u_1' });
      const [person, client, server] = event.agent;
      const identifier = { system: 'https://esr-fhir.example/Id/user', value: 'u_1' };
      expect(person?.who).to.deep.equal({ identifier });
      expect(person?.policy).to.deep.equal(['urn:ietf:params:oauth:jti:jti-1']);
      expect(event.agent.map(({ requestor }) => requestor)).to.deep.equal([true, false, false]);
      expect(client?.who?.identifier?.value).to.equal('client-1');
      expect(client).to.not.have.property('policy');
      expect(server?.type?.coding).to.have.lengthOf(1);
      expect(balpViolations(event)).to.deep.equal([]);
    });
  }

  it('keeps the raw request of a search, base64, and lists what was returned beside it', () => {
    const query = "/t/rxx/fhir/v1/Practitioner?family=O'Hara&_count=2";
    const disclosed = ['Practitioner/p1/3', 'Practitioner/p2/1'];
    const event = render({ interaction: 'search-type', id: null, query, disclosed });
    const raw = event.entity?.find((entity) => entity.query !== undefined)?.query ?? '';
    expect(Buffer.from(raw, 'base64').toString('utf8')).to.equal(query);
    const references = (event.entity ?? []).map(({ what }) => what?.reference).filter((one) => one !== undefined);
    expect(references).to.deep.equal(['Practitioner/p1/_history/3', 'Practitioner/p2/_history/1']);
  });

  it('of a failure follows the pattern, says why, and claims no profile', () => {
    const event = render({ status: 403, outcome: 4, reason: 'scope', disclosed: [] });
    expect(event.meta).to.not.have.property('profile');
    expect(event).to.include({ outcome: '4', outcomeDesc: 'scope', action: 'R' });
    expect(event.entity?.map(({ what }) => what?.reference)).to.include('Practitioner/p1');
  });

  it('of notifications names the subscription, the numbers of its events and every version that was told', () => {
    const told = { interaction: 'notification', type: 'Subscription', id: 's1', query: null, address: null, jti: null };
    const disclosed = ['PractitionerRole/r1/2', 'PractitionerRole/r2/1'];
    const event = render({ ...told, disclosed, numbers: { from: 5, to: 36 } });
    const system = 'https://esr-fhir.example/CodeSystem/audit-interaction';
    expect(event.subtype?.[0]).to.deep.equal({ system, code: 'notification' });
    const references = (event.entity ?? []).flatMap(({ what }) => what?.reference ?? []);
    expect(references).to.deep.equal([
      'Subscription/s1',
      'PractitionerRole/r1/_history/2',
      'PractitionerRole/r2/_history/1',
    ]);
    const details = (event.entity ?? []).flatMap(({ detail }) => detail ?? []);
    expect(details).to.deep.include({
      type: 'https://esr-fhir.example/audit/event-numbers',
      valueString: '5-36',
    });
    expect(event.meta).to.not.have.property('profile');
    const one = render({ ...told, disclosed: [], numbers: { from: 7, to: 7 } });
    expect(JSON.stringify(one.entity)).to.include('"valueString":"7"');
  });

  it('of a request without a token claims no use of one', () => {
    const event = render({ interaction: 'capabilities', client: null, jti: null, type: null, id: null, disclosed: [] });
    expect(event.meta).to.not.have.property('profile');
    expect(event.agent[0]?.who?.display).to.equal('unidentified client');
  });

  it('of an ingested file names the file, and of a token request the event of ITI-71', () => {
    const file = render({ kind: 'file', interaction: 'ingest', type: null, id: 'f1', client: null, jti: null });
    expect(file.entity?.some(({ what }) => what?.identifier?.value === 'f1')).to.equal(true);
    const token = render({ kind: 'token', interaction: 'token', type: null, id: null, disclosed: [] });
    expect(token.type.code).to.equal('110114');
    expect(token.subtype?.[0]?.code).to.equal('ITI-71');
  });

  it('of a checkpoint is an activity of the server itself, and of a broken log a security alert', () => {
    const own = { kind: 'integrity', client: null, jti: null, type: null, id: null, query: null } as const;
    const checkpoint = render({ ...own, interaction: 'checkpoint', address: null, disclosed: [] });
    expect(checkpoint.type.code).to.equal('110100');
    expect(checkpoint.agent[0]?.who?.display).to.equal(context.software);
    expect(checkpoint.subtype?.[0]).to.include({
      system: 'https://esr-fhir.example/CodeSystem/audit-interaction',
      code: 'checkpoint',
    });
    const broken = { ...own, interaction: 'audit-verify', outcome: 8, reason: 'cut-tail', disclosed: [] } as const;
    expect(render(broken)).to.deep.include({ outcome: '8', outcomeDesc: 'cut-tail' });
    expect(render(broken).type.code).to.equal('110113');
  });

  it('of what an operator did names the operator and what it was done to', () => {
    const act = {
      kind: 'admin',
      interaction: 'client-disable',
      client: 'operator:ann',
      jti: null,
      type: null,
    } as const;
    const event = render({ ...act, id: 'client-7', query: null, status: 0, address: null, disclosed: [] });
    expect(event.agent[0]?.who?.identifier?.value).to.equal('operator:ann');
    expect(event.entity?.map(({ what }) => what?.identifier?.value)).to.include('client-7');
    expect(event.meta).to.not.have.property('profile');
  });
});
