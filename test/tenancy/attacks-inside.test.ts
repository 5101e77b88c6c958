import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { request } from 'node:http';
import { expect } from 'chai';
import { type JWTPayload, SignJWT } from 'jose';
import { newClient } from '../../server/auth/new-client.ts';
import { present } from '../../server/core/assert.ts';
import { eventRoutes } from '../../server/interaction/event-table.ts';
import { signingKeyRing } from '../../server/oauth/signing-keys.ts';
import type { Store } from '../../server/store/port.ts';
import type { IsolationModel } from '../../server/tenancy/tenant.ts';
import { bare, fixed, nobody } from '../support/attack-answers.ts';
import type { Answer, Asking } from '../support/house-server.ts';
import { idsIn, type Twin, type Twins, twins } from '../support/house-twins.ts';
import { modelsUnderTest } from '../support/store-under-test.ts';

const slowMs = 120_000;

/** Attacks with what only an insider has: the signing key, a handler with a bug, the exports, another's cursors. */
for (const isolation of modelsUnderTest) {
  describe(`Attacks from inside, tenants apart by ${isolation}`, () => describeAttacks(isolation)).timeout(slowMs);
}

function describeAttacks(isolation: IsolationModel): void {
  let both: Twins;

  before(async function () {
    this.timeout(slowMs);
    both = await twins(isolation);
  });
  after(() => both.close());

  const ask = (me: Twin, path: string, asking: Asking = {}) =>
    both.server.ask(`${me.base}/${path}`, { token: me.token, headers: { ...fixed, ...asking.headers }, ...asking });
  const one = (of: Twin, type: string) => present(of.ids[type]?.[0], type);
  const leaks = (text: string, other: Twin) => text.includes(other.mark) || text.includes(other.mark.toLowerCase());
  /** A token of the management API for one tenant. */
  const steward = async (tenant: string, scope: string) => {
    const { keys, clients, clock } = both.house.house;
    const wish = { name: 'steward', tenant, scope, contracts: [], admin: true };
    const { client, secret } = newClient(wish, keys, clock.now().toISOString());
    await clients.add(client);
    return both.server.token({ tenant, id: client.id, secret: present(secret, 'secret') });
  };

  it('T5: a token that the right key signed is worth nothing with other claims, types and algorithms', async () => {
    const { store, keys, clock } = both.house.house;
    const { pairs } = (await signingKeyRing(store.system.documents, keys, clock)).current();
    const [es384, rs256] = ['EC', 'RSA'].map((kty) =>
      present(
        pairs.keys.find((one) => one.kty === kty),
        kty,
      ),
    );
    const keyOf = (jwk: unknown) => createPrivateKey({ key: jwk as never, format: 'jwk' });
    const [head, claims] = both.x.token.split('.').map((part, at) => (at < 2 ? fromBase64(part) : {}));
    const sign = (changed: JWTPayload, header: object = {}, key: KeyObject | Uint8Array = keyOf(es384)) =>
      new SignJWT(without({ ...claims, ...changed }))
        .setProtectedHeader(without({ ...head, ...header }) as { alg: string })
        .sign(key);
    const unchanged = await both.server.ask(`${both.x.base}/Practitioner`, { token: await sign({}) });
    expect(unchanged.status, 'the same claims under the same key').to.equal(200);
    const bases = [both.x, both.y].map(({ base }) => both.server.url + base);
    const publicKey = createPublicKey(keyOf(es384)).export({ format: 'der', type: 'spki' });
    const forged = [
      ...[await sign({ aud: bases }), await sign({ aud: bases.slice(0, 1) }), await sign({ aud: bases[1] as string })],
      ...[await sign({ tenant: both.y.tenant }), await sign({ tenant: undefined }), await sign({ tenant: '*' })],
      ...[await sign({ client_id: both.y.client.id, sub: both.y.client.id }), await sign({ client_id: 'c_nobody' })],
      ...[await sign({ scope: undefined }), await sign({ iss: 'https://evil.example/oauth' }), await sign({ exp: 1 })],
      ...[await sign({}, { typ: 'JWT' }), await sign({}, { typ: undefined }), await sign({}, { kid: 'other' })],
      await sign({}, { alg: 'RS256', kid: rs256?.kid }, keyOf(rs256)),
      await sign({}, { alg: 'HS384' }, publicKey),
      await sign({}, {}, generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      both.x.token.replace(/^[^.]+/, toBase64({ ...head, alg: 'none' })).replace(/[^.]+$/, ''),
      both.x.token.replace(/\.[^.]+$/, ''),
    ];
    for (const me of [both.x, both.y]) {
      const garbage = await both.server.ask(`${me.base}/Practitioner`, { token: 'garbage', headers: fixed });
      expect(garbage.status).to.equal(401);
      for (const token of forged) {
        // A token for the other base alone is that tenant's own there, but its tenant says otherwise.
        const answer = await both.server.ask(`${me.base}/Practitioner`, { token, headers: fixed });
        expect(bare(answer), JSON.stringify(fromBase64(token.split('.')[1] ?? ''))).to.deep.equal(bare(garbage));
      }
    }
  });

  it('T19: bundles, which are not offered, are refused in the same words whatever they name, and write nothing', async () => {
    const before = await both.house.store(both.x.tenant).head();
    const headers = { ...fixed, 'content-type': 'application/fhir+json' };
    const bundle = (type: string, id: string) => {
      const theirs = `${both.server.url}${both.y.base}/Practitioner/${id}`;
      const role = { resourceType: 'PractitionerRole', practitioner: { reference: theirs } };
      const conditional = { ...role, practitioner: { reference: `Practitioner?identifier=${id}` } };
      const entry = [
        { request: { method: 'GET', url: theirs } },
        { request: { method: 'GET', url: `Practitioner/${id}` } },
        { fullUrl: theirs, resource: role, request: { method: 'PUT', url: `PractitionerRole/${id}` } },
        { resource: conditional, request: { method: 'POST', url: 'PractitionerRole', ifNoneExist: `_id=${id}` } },
        { request: { method: 'DELETE', url: `Practitioner?identifier=${id}` } },
      ];
      return JSON.stringify({ resourceType: 'Bundle', type, entry });
    };
    for (const type of ['transaction', 'batch', 'collection']) {
      for (const path of ['', '/', '/Bundle', '/$process-message']) {
        const post = (id: string) =>
          both.server.ask(both.x.base + path, { method: 'POST', token: both.x.token, headers, body: bundle(type, id) });
        const theirs = await post(one(both.y, 'Practitioner'));
        expect(bare(theirs), path).to.deep.equal(bare(await post(nobody)));
        expect(theirs.status, path).to.be.oneOf([404, 405]);
      }
    }
    expect(await both.house.store(both.x.tenant).head()).to.deep.equal(before);
    expect((await ask(both.y, `Practitioner/${one(both.y, 'Practitioner')}`)).status).to.equal(200);
  });

  it('T20: bulk export, which is not offered, is refused in the same words for every job, group and file', async () => {
    const theirs = one(both.y, 'Organization');
    for (const [method, path] of [
      ...[
        (id: string) => `Group/${id}/$export`,
        (id: string) => `Practitioner/$export?_typeFilter=Practitioner?_id=${id}`,
      ],
      ...[(id: string) => `$export?_since=2020&patient=${id}`, (id: string) => `$export-poll-status?job=${id}`],
      (id: string) => `Binary/${id}`,
    ].flatMap((path) => ['GET', 'POST', 'DELETE'].map((method) => [method, path] as const))) {
      const headers = { ...fixed, prefer: 'respond-async' };
      const [found, never] = [
        await ask(both.x, path(theirs), { method, headers }),
        await ask(both.x, path(nobody), { method, headers }),
      ];
      expect(bare(found), path('ID')).to.deep.equal(bare(never));
      expect(found.status, path('ID')).to.be.oneOf([404, 405]);
      expect(found.headers).to.not.have.property('content-location');
    }
  });

  it('T20: who exports the audit or the events page by page gets their own with another’s place, and none once disabled', async () => {
    const [mine, theirs] = [
      await steward(both.x.tenant, 'admin/audit.read'),
      await steward(both.y.tenant, 'admin/audit.read'),
    ];
    const audit = async (tenant: string, token: string, after = '') => {
      const query = `?limit=3${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
      const answer = await both.server.ask(`/admin/v1/tenants/${tenant}/audit${query}`, { token });
      return { ...answer, page: JSON.parse(answer.body) as { events: { id: string }[]; next: string } };
    };
    const { page } = await audit(both.y.tenant, theirs);
    expect(page.events).to.have.length(3);
    expect((await audit(both.y.tenant, mine, page.next)).status).to.equal(404);
    const stolen = await audit(both.x.tenant, mine, page.next);
    expect(stolen.status).to.be.oneOf([200, 400]);
    expect(stolen.body).to.not.include(both.y.client.id).and.not.include(`/t/${both.y.tenant}/`);
    const events = (me: Twin, token: string, after = '') =>
      both.server.ask(`/t/${me.tenant}/events/v1?count=2${after === '' ? '' : `&after=${after}`}`, {
        token,
        headers: fixed,
      });
    const cursorOf = ({ headers }: Answer) => present(/after=([^&>]*)/.exec(headers['link'] ?? '')?.[1], 'cursor');
    const leaver = await both.server.client(both.x.tenant, 'system/*.rs');
    const token = await both.server.token(leaver);
    const first = await events(both.x, token);
    expect(first.status).to.equal(200);
    const garbage = await events(both.x, token, 'AAAA');
    expect(bare(await events(both.x, token, cursorOf(await events(both.y, both.y.token))))).to.deep.equal(
      bare(garbage),
    );
    expect(garbage.status).to.equal(400);
    expect((await events(both.x, token, cursorOf(first))).status).to.equal(200);
    const { clients } = both.house.house;
    await clients.put({ ...(await clients.get(leaver.id, both.x.tenant)), status: 'disabled' });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await events(both.x, token, cursorOf(first))).status).to.equal(401);
  });

  it('T25: a handler that forgot its tenant gets an error and no data, beside others that go on, abort and fail', async () => {
    const store = both.house.house.store as { tenant: Store['tenant'] };
    const open = store.tenant;
    const other = both.y.tenant;
    const forgotten = [
      undefined,
      null,
      {},
      { tenant: undefined },
      { tenant: other, by: 'token' },
      { tenant: { $ne: '' } },
    ];
    let calls = 0;
    let forgot = 0;
    // What the log would say of each is what this test is about.
    const logger = both.house.house.logger as { error: (message: string, facts?: object) => void };
    const { error } = logger;
    const logged: string[] = [];
    logger.error = (message, facts) => void logged.push(`${message} ${JSON.stringify(facts)}`);
    store.tenant = (grant) => {
      calls += grant?.by === 'token' ? 1 : 0;
      if (grant?.by !== 'token' || calls % 4 !== 0) return open(grant);
      forgot += 1;
      return open(forgotten[forgot % forgotten.length] as never);
    };
    const { hostname, port } = new URL(both.server.url);
    const aborted = (me: Twin, path: string, afterMs: number) =>
      new Promise<void>((resolve) => {
        const headers = { authorization: `Bearer ${me.token}` };
        const sent = request({ hostname, port, path: `${me.base}/${path}`, headers }, (answer) => answer.resume());
        sent.on('error', () => {}).on('close', resolve);
        sent.end();
        setTimeout(() => sent.destroy(), afterMs);
      });
    try {
      const asked = Array.from({ length: 120 }, async (_, at) => {
        const [me, them] = at % 2 === 0 ? [both.x, both.y] : [both.y, both.x];
        const path = [
          'Practitioner?_count=50',
          'PractitionerRole?_include=PractitionerRole:*',
          `Practitioner/${one(me, 'Practitioner')}`,
        ][at % 3];
        if (at % 5 === 0) await aborted(me, present(path, 'a path'), at % 7);
        const answer = await ask(me, present(path, 'a path'));
        expect(answer.status, answer.body).to.be.oneOf([200, 500]);
        expect(leaks(answer.body, them), path).to.equal(false);
        if (answer.status === 500) expect(leaks(answer.body, me), path).to.equal(false);
        return answer.status;
      });
      const statuses = await Promise.all(asked);
      expect(statuses.filter((status) => status === 500).length).to.be.at.least(20);
      expect(statuses.filter((status) => status === 200).length).to.be.at.least(60);
    } finally {
      store.tenant = open;
      logger.error = error;
    }
    expect(logged.length).to.be.at.least(20);
    for (const line of logged) expect(line).to.include('a store is opened by a grant');
    expect([...idsIn(await ask(both.x, 'Practitioner?_count=50'))].sort()).to.deep.equal(
      [...(both.x.ids['Practitioner'] ?? [])].sort(),
    );
  }).timeout(slowMs);

  /** A route of the event table that is not here fails. */
  const eventCases: Readonly<Record<string, readonly string[]>> = {
    '': ['', '?count=5', '?topic=starter-created', '?after=AAAA', '?topic=nothing'],
    stream: ['', '?after=AAAA'],
  };

  it('get nothing of each other’s events by any route, in the words for a tenant that never was', async () => {
    expect(eventRoutes.map(({ path }) => path).sort()).to.deep.equal(Object.keys(eventCases).sort());
    for (const [me, other] of [
      [both.x, both.y],
      [both.y, both.x],
    ] as const) {
      for (const [path, queries] of Object.entries(eventCases)) {
        for (const query of queries) {
          const at = async (tenant: string) => {
            const place = `/t/${tenant}/events/v1${path === '' ? '' : `/${path}`}${query}`;
            const answer = await both.server.ask(place, { token: me.token, headers: fixed });
            return { status: answer.status, said: JSON.stringify(bare(answer)).replaceAll(tenant, '#') };
          };
          const theirs = await at(other.tenant);
          expect(theirs.status).to.equal(401);
          expect(theirs).to.deep.equal(await at('zzz'));
        }
      }
      const own = await both.server.ask(`/t/${me.tenant}/events/v1?count=1000`, { token: me.token });
      expect(own.status).to.equal(200);
      for (const id of Object.entries(other.ids).flatMap(([type, some]) => (type === 'AuditEvent' ? [] : some))) {
        expect(own.body).to.not.include(id);
      }
    }
  });
}

function fromBase64(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

function toBase64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Without members that are undefined. */
function without(value: object): JWTPayload {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
