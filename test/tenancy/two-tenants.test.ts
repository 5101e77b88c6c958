import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { type ProtectedRoute, type Route, routes } from '../../server/interaction/table.ts';
import type { IsolationModel } from '../../server/tenancy/tenant.ts';
import type { Answer, Asking } from '../support/house-server.ts';
import { idsIn, type Twin, type Twins, twins } from '../support/house-twins.ts';
import { routeCases as cases } from '../support/route-cases.ts';
import { modelsUnderTest } from '../support/store-under-test.ts';

const protectedRoutes = routes.filter((route): route is ProtectedRoute => !route.open);
const nameOf = ({ method, path }: Route) => `${method} ${path}`;

const slowMs = 120_000;

for (const isolation of modelsUnderTest) {
  describe(`Two tenants with the same ESR ids, apart by ${isolation}`, () => describeTwins(isolation)).timeout(slowMs);
}

function describeTwins(isolation: IsolationModel): void {
  let both: Twins;

  before(async function () {
    this.timeout(slowMs);
    both = await twins(isolation);
  });
  after(() => both.close());

  const pairs = (): readonly (readonly [me: Twin, other: Twin])[] => [
    [both.x, both.y],
    [both.y, both.x],
  ];
  const ask = (me: Twin, { path, headers, ...rest }: Asking & { readonly path: string }) =>
    both.server.ask(`${me.base}/${path}`, { token: me.token, headers: { ...fixed, ...headers }, ...rest });

  it('share no resource id, and each holds its own', () => {
    const [x, y] = [allIds(both.x), allIds(both.y)];
    expect(x.length).to.equal(y.length).and.to.be.at.least(12);
    expect(new Set([...x, ...y]).size).to.equal(x.length + y.length);
  });

  it('have a case for every route of the table and every type', () => {
    for (const route of protectedRoutes) {
      expect(cases, `no case of two tenants for ${nameOf(route)}`).to.have.property(nameOf(route));
      for (const type of route.types) {
        const asked = present(cases[nameOf(route)], 'case')(type, randomUUID());
        expect(asked.length, `no question for ${nameOf(route)} and ${type}`).to.be.greaterThan(0);
      }
    }
    expect(Object.keys(cases).filter((name) => !protectedRoutes.some((route) => nameOf(route) === name))).to.be.empty;
  });

  // The audit first: later it knows of the questions that are asked here.
  const byType = (type: string) => protectedRoutes.filter(({ types }) => types.includes(type));
  for (const route of new Set([...byType('AuditEvent'), ...protectedRoutes])) {
    it(`get the same answer about what is not theirs as about what never was: ${nameOf(route)} ${route.types}`, async () => {
      const questions = present(cases[nameOf(route)], nameOf(route));
      for (const [me, other] of pairs()) {
        for (const [type, foreign] of route.types.flatMap((one) => foreignIds(other).map((id) => [one, id] as const))) {
          const never = foreign.replace(uuid, randomUUID());
          const wanted = questions(type, never);
          // Of another type than the route's an id is asked about once.
          const asked = questions(type, foreign).slice(0, isOf(other, type, foreign) ? undefined : 1);
          const compared = asked.map(async (question, index) => {
            const theirs = await ask(me, question);
            const nobodys = await ask(me, present(wanted[index], 'the same question'));
            expect(modulo(theirs, foreign), question.path).to.deep.equal(modulo(nobodys, never));
            if (route.path.includes('{id}')) expect(theirs.status, question.path).to.be.oneOf(nowhere(route));
            leaksNothing(theirs, other, foreign);
          });
          await Promise.all(compared);
        }
      }
    }).timeout(slowMs);
  }

  it('see all of their own by every route', async () => {
    for (const [me] of pairs()) {
      for (const [type, ids] of Object.entries(me.ids)) {
        for (const id of ids) expect((await ask(me, { path: `${type}/${id}` })).status, `${type}/${id}`).to.equal(200);
      }
      for (const { type, id } of me.deleted) expect((await ask(me, { path: `${type}/${id}` })).status).to.equal(410);
    }
  });

  it('find, count and page through their own alone', async () => {
    for (const [me, other] of pairs()) {
      for (const type of ['Basic', 'Location', 'Organization', 'Practitioner', 'PractitionerRole']) {
        const found: string[] = [];
        let path: string | undefined = `${me.base}/${type}?_count=1&_total=accurate`;
        while (path !== undefined) {
          const page: Answer = await both.server.ask(path, { token: me.token });
          const bundle = JSON.parse(page.body) as Bundle;
          expect(bundle.total, type).to.equal(me.ids[type]?.length);
          leaksNothing(page, other);
          found.push(...idsIn(page));
          path = nextOf(bundle);
        }
        expect(found.sort(), type).to.deep.equal([...(me.ids[type] ?? [])].sort());
      }
      for (const query of [`Practitioner?name=${other.mark}`, `PractitionerRole?practitioner.name=${other.mark}`]) {
        expect(idsIn(await ask(me, { path: query })), query).to.deep.equal([]);
      }
      const url = `${both.server.url}${other.base}/Practitioner/${foreignId(other, 'Practitioner')}`;
      expect(idsIn(await ask(me, { path: `PractitionerRole?practitioner=${url}` }))).to.deep.equal([]);
      const system = `https://esr-fhir.example/Id/${other.tenant}/esr-person-id`;
      expect(idsIn(await ask(me, { path: `Practitioner?identifier=${system}|1` }))).to.deep.equal([]);
      const shown = await ask(me, {
        path: 'PractitionerRole?_include=PractitionerRole:practitioner&_include=PractitionerRole:organization&_count=100',
      });
      leaksNothing(shown, other);
      expect(idsIn(shown).length).to.be.greaterThan(present(me.ids['PractitionerRole'], 'roles').length);
    }
  });

  it('T17: take no page link of another tenant, client, type or question', async () => {
    const links = [
      ['Practitioner?_count=1', 'PractitionerRole?_count=1', 'Practitioner?_count=2'],
      ['AuditEvent?_count=1', 'Provenance?target=PractitionerRole/x&_count=1', 'AuditEvent?_count=2'],
    ] as const;
    for (const [me, other] of pairs()) {
      const bob = present(me.ids['Practitioner']?.[0], 'a person');
      for (const [path, ...others] of [...links, [`Practitioner/${bob}/_history?_count=1`] as const]) {
        const first = await ask(me, { path });
        const next = nextOf(JSON.parse(first.body) as Bundle);
        if (next === undefined) {
          expect(path).to.include('_history');
          continue;
        }
        const token = present(/_page=([^&]*)/.exec(next)?.[1], 'page token');
        expect((await both.server.ask(next, { token: me.token })).status).to.equal(200);
        const replays = [
          both.server.ask(next, { token: me.otherToken }),
          both.server.ask(next.replace(me.base, other.base), { token: other.token }),
          ...others.map((one) => ask(me, { path: `${one}&_page=${token}` })),
          ask(me, { path: `${path}&_page=${token.slice(0, -1)}` }),
        ];
        const garbage = await ask(me, { path: `${path}&_page=AAAA` });
        expect(garbage.status).to.equal(400);
        for (const replay of await Promise.all(replays)) {
          expect({ status: replay.status, body: replay.body }, path).to.deep.equal({ status: 400, body: garbage.body });
        }
      }
    }
  });

  it('get 401 on each other’s bases by every route, in the words that a base of nobody gets', async () => {
    for (const [me, other] of pairs()) {
      for (const route of protectedRoutes) {
        for (const type of route.types) {
          for (const { path, ...asking } of present(cases[nameOf(route)], nameOf(route))(
            type,
            foreignId(other, type),
          )) {
            const sent = { ...asking, token: me.token, headers: { ...fixed, ...asking.headers } };
            const theirs = await both.server.ask(`${other.base}/${path}`, sent);
            const nobodys = await both.server.ask(`/t/zzz/fhir/v1/${path}`, sent);
            expect(theirs.status, path).to.equal(401);
            expect(modulo(theirs, other.tenant), path).to.deep.equal(modulo(nobodys, 'zzz'));
            leaksNothing(theirs, other);
          }
        }
      }
    }
  }).timeout(slowMs);

  it('tell the same of themselves to everybody on the routes that need no token', async () => {
    for (const route of routes.filter(({ open }) => open)) {
      const [x, y] = [
        await both.server.ask(`${both.x.base}/${route.path}`, { headers: fixed }),
        await both.server.ask(`${both.y.base}/${route.path}`, { headers: fixed }),
      ];
      expect(x.status).to.equal(200);
      expect(modulo(x, both.x.tenant)).to.deep.equal(modulo(y, both.y.tenant));
      expect((await both.server.ask(`/t/zzz/fhir/v1/${route.path}`)).status).to.equal(401);
    }
  });

  it('get no way around by paths and headers', async () => {
    for (const [me, other] of pairs()) {
      const id = foreignId(other, 'Practitioner');
      for (const path of detours(me, other, id)) {
        const answer = await both.server.ask(path, { token: me.token });
        expect(answer.status, path).to.be.within(400, 499);
        leaksNothing(answer, other, id);
      }
      const { host } = new URL(both.server.url);
      for (const headers of [
        { 'x-original-url': `${other.base}/Practitioner/${id}` },
        { 'x-rewrite-url': `${other.base}/Practitioner/${id}` },
        { 'x-forwarded-prefix': other.base },
        { 'x-tenant': other.tenant },
        { 'x-http-method-override': 'PUT' },
        { host: `${other.tenant}.${host}` },
      ]) {
        const answer = await both.server.ask(`${me.base}/Practitioner/${id}`, { token: me.token, headers });
        expect(answer.status, JSON.stringify(headers)).to.equal(404);
        leaksNothing(answer, other, id);
      }
    }
  });
}

/** What a route answers where there is nothing of the client's. */
function nowhere({ path }: Route): readonly number[] {
  return path.endsWith('$get-ws-binding-token') ? [404, 422] : [404];
}

/** Two requests that say the same must get the same ids back. */
const fixed = { 'x-request-id': 'request-1', 'x-correlation-id': 'correlation-1' };

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

interface Bundle {
  readonly total?: number;
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

function nextOf({ link = [] }: Bundle): string | undefined {
  const url = link.find(({ relation }) => relation === 'next')?.url;
  return url === undefined ? undefined : new URL(url).pathname + new URL(url).search;
}

/** Audit events are numbered per tenant: `serve-1` is everybody's, and everybody's own. */
function allIds({ ids }: Twin): readonly string[] {
  return Object.entries(ids).flatMap(([type, some]) => (type === 'AuditEvent' ? [] : some));
}

function foreignIds(other: Twin): readonly string[] {
  return [...allIds(other), ...other.deleted.map(({ id }) => id)];
}

/** Is it an id of that type, or may the type name it? */
function isOf({ ids, deleted }: Twin, type: string, id: string): boolean {
  if (type === 'AuditEvent' || type === 'Provenance') return true;
  return ids[type]?.includes(id) === true || deleted.some((one) => one.type === type && one.id === id);
}

function foreignId({ ids }: Twin, type: string): string {
  // Topics are everybody's: an id of anything else is none of theirs.
  return present(ids[type]?.[0] ?? ids['Basic']?.[0], `an id of ${type}`);
}

/** Status, headers and body, the date and the id in question apart. */
function modulo({ status, headers, body }: Answer, id: string) {
  const { date: _, ...rest } = headers;
  const masked = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value.replaceAll(id, '#')]));
  return { status, headers: masked, body: body.replace(lastUpdated, '#').replaceAll(id, '#') };
}

/** A Bundle says when it was made. */
const lastUpdated = /(?<="lastUpdated":")[^"]*/;

/** Nothing of the other's leaves, but for an id that was sent in the question itself. */
function leaksNothing({ headers, body }: Answer, other: Twin, sent = '#'): void {
  const text = `${JSON.stringify(headers)}${body}`.replaceAll(sent, '#');
  for (const word of [other.mark, other.mark.toLowerCase(), ...foreignIds(other)]) expect(text).not.to.include(word);
}

function detours(me: Twin, other: Twin, id: string): readonly string[] {
  const theirs = `${other.base}/Practitioner/${id}`;
  const from = me.base;
  return [
    `${from}/../../../..${theirs}`,
    `${from}/Practitioner/../../../../${other.tenant}/fhir/v1/Practitioner/${id}`,
    `${from}/Practitioner/..%2f..%2f..%2f..%2f${other.tenant}%2ffhir%2fv1%2fPractitioner%2f${id}`,
    `${from}/Practitioner/%2e%2e/%2e%2e/%2e%2e/%2e%2e/${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t/${me.tenant}/../${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t/${me.tenant}%2f..%2f${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t/${me.tenant};${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t/${me.tenant},${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t/${other.tenant.toUpperCase()}/fhir/v1/Practitioner/${id}`,
    `/t/${other.tenant}%00/fhir/v1/Practitioner/${id}`,
    `/t/%72${other.tenant.slice(1)}/fhir/v1/Practitioner/${id}`,
    `//t/${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t//${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t/${other.tenant}/fhir/v1//Practitioner/${id}`,
    `/./t/${other.tenant}/fhir/v1/Practitioner/${id}`,
    `/t/${other.tenant}/fhir/v1/Practitioner/${id}/`,
    `/t/${other.tenant}/fhir/v2/Practitioner/${id}`,
    `${from}/Practitioner/${id}/../${id}`,
    `${from}/Practitioner/${id}%00`,
    `${from}/Practitioner/${id}?tenant=${other.tenant}`,
    `${from}/Practitioner?_id=${id}&tenant=${other.tenant}`,
    `${from}/Practitioner/${id}?_page=AAAA`,
    `${from}/Practitioner?identifier=1&_tenant=${other.tenant}`,
    `http://localhost${theirs}`,
  ];
}
