import { expect } from 'chai';
import { newRegistrationToken } from '../../server/auth/registration-token.ts';
import { present } from '../../server/core/assert.ts';
import { endTokens } from '../../server/registry/not-before.ts';
import { registrationTokens } from '../../server/registry/registration-tokens.ts';
import type { Op } from '../../server/store/port.ts';
import type { IsolationModel } from '../../server/tenancy/tenant.ts';
import { bare, fixed, nobody, rankScore } from '../support/attack-answers.ts';
import { until } from '../support/house-command.ts';
import type { Answer, Asking } from '../support/house-server.ts';
import { idsIn, type Twin, type Twins, twins } from '../support/house-twins.ts';
import { modelsUnderTest } from '../support/store-under-test.ts';

const slowMs = 120_000;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/**
 * Attacks on a server with two tenants, by number (T1–T25, X1–X7): each names what it must come to. Where something
 * of the other tenant is asked for, the whole answer is that for an id that never was.
 */
for (const isolation of modelsUnderTest) {
  describe(`Attacks on a running server, tenants apart by ${isolation}`, () => describeAttacks(isolation)).timeout(
    slowMs,
  );
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
  const basic = ({ client }: Twin) => `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
  const post = (path: string, body: string, headers: Readonly<Record<string, string>>) =>
    both.server.ask(path, { method: 'POST', body, headers: { ...form, ...headers } });
  const one = (of: Twin, type: string) => present(of.ids[type]?.[0], type);

  it('T1: a token of another tenant is answered byte for byte like garbage', async () => {
    const path = `${both.y.base}/Practitioner/${one(both.y, 'Practitioner')}`;
    const theirs = await both.server.ask(path, { token: both.x.token, headers: fixed });
    const garbage = await both.server.ask(path, { token: 'garbage', headers: fixed });
    expect(theirs.status).to.equal(401);
    expect(bare(theirs)).to.deep.equal(bare(garbage));
  });

  it('T2: no spelling of a path leads into another tenant', async () => {
    const id = one(both.y, 'Practitioner');
    const tail = `${both.y.tenant}/fhir/v1/Practitioner/${id}`;
    for (const path of [
      ...[`/t/${both.x.tenant}/../${tail}`, `/t/${both.x.tenant}%2f..%2f${tail}`, `/t/${tail.toUpperCase()}`],
      ...[
        `//t/${tail}`,
        `/t/${both.y.tenant}./fhir/v1/Practitioner/${id}`,
        `/t/${both.y.tenant};a/fhir/v1/Practitioner/${id}`,
      ],
    ]) {
      const answer = await both.server.ask(path, { token: both.x.token });
      expect(answer.status, path).to.be.within(400, 404);
      expect(answer.body).to.not.include(both.y.mark);
    }
  });

  it('T3: headers that name a tenant or a host change nothing, least of all links', async () => {
    const plain = await ask(both.x, 'Practitioner?_count=1');
    for (const [name, value] of [
      ['x-tenant', both.y.tenant],
      ['x-forwarded-prefix', both.y.base],
      ['x-forwarded-host', 'evil.example'],
      ['x-original-url', `${both.y.base}/Practitioner`],
    ] as const) {
      const answer = await ask(both.x, 'Practitioner?_count=1', { headers: { ...fixed, [name]: value } });
      expect(bare(answer), name).to.deep.equal(bare(plain));
    }
  });

  it('T4: no token is minted for another tenant, in the words for one that never was', async () => {
    const { url } = both.server;
    const wish = async (...resources: readonly string[]) => {
      const body = ['grant_type=client_credentials', ...resources.map((one) => `resource=${encodeURIComponent(one)}`)];
      const { status, body: said } = await post('/oauth/token', body.join('&'), { authorization: basic(both.x) });
      return { status, said };
    };
    const [mine, theirs] = [url + both.x.base, url + both.y.base];
    expect((await wish(mine)).status).to.equal(200);
    const refused = await wish(`${url}/t/zzz/fhir/v1`);
    expect(refused.status).to.equal(400);
    expect(refused.said).to.include('invalid_target');
    for (const wanted of [[theirs], [mine, theirs], [`${mine}/`], [mine.toUpperCase()], [`${mine}?x`]]) {
      expect((await wish(...wanted)).status, wanted.join(' ')).to.equal(400);
    }
    expect(await wish(theirs)).to.deep.equal(refused);
  });

  it('T6: who registers with a token of one tenant is of that tenant, and manages nobody else', async () => {
    const at = new Date();
    const wish = { tenant: both.x.tenant, scope: 'system/Practitioner.rs', contracts: ['v1'], uses: 3 };
    const { token, text } = newRegistrationToken(
      { ...wish, expiresAt: new Date(at.getTime() + 60_000).toISOString() },
      at.toISOString(),
    );
    await registrationTokens(both.house.house.store.system.documents).add(token);
    const register = (method: string, path: string, bearer: string, body: object) =>
      both.server.ask(`/oauth/reg${path}`, {
        ...{ method, token: bearer, body: JSON.stringify(body) },
        headers: { 'content-type': 'application/json' },
      });
    const made = await register('POST', '', text, { tenant: both.y.tenant, 'urn:smart:tenants': [both.y.tenant] });
    expect(made.status).to.equal(201);
    const client = JSON.parse(made.body) as Record<string, string>;
    const { client_id: id = '', registration_access_token: manage = '' } = client;
    expect((await both.house.house.clients.get(id, both.x.tenant)).tenant).to.equal(both.x.tenant);
    expect((await register('POST', '', text, { scope: 'system/*.cruds' })).status).to.equal(400);
    const before = await both.house.house.clients.find(both.y.client.id);
    const theirs = await register('PUT', `/${both.y.client.id}`, manage, { client_name: 'mine' });
    const nobodys = await register('PUT', '/c_nobody', manage, { client_name: 'mine' });
    expect([theirs.status, theirs.body]).to.deep.equal([nobodys.status, nobodys.body]);
    expect(theirs.status).to.equal(401);
    expect(await both.house.house.clients.find(both.y.client.id)).to.deep.equal(before);
  });

  it('T7: a token of another tenant is inactive to whoever introspects it, and outlives their revocation', async () => {
    const headers = { authorization: basic(both.x) };
    const told = await post('/oauth/introspect', `token=${both.y.token}`, headers);
    expect([told.status, JSON.parse(told.body)]).to.deep.equal([200, { active: false }]);
    await post('/oauth/revoke', `token=${both.y.token}`, headers);
    expect((await ask(both.y, 'Practitioner?_count=1')).status).to.equal(200);
  });

  it('T8: another tenant’s id is answered like one that never was, and takes as long', async () => {
    const samples = process.env['VERIFY'] === '1' ? 500 : 100;
    const theirs = one(both.y, 'Practitioner');
    const paths = [`Practitioner/${theirs}`, `Practitioner/${nobody}`] as const;
    const [first, control] = [await ask(both.x, paths[0]), await ask(both.x, paths[1])];
    expect(first.status).to.equal(404);
    expect(JSON.stringify(bare(first)).replaceAll(theirs, '#')).to.equal(
      JSON.stringify(bare(control)).replaceAll(nobody, '#'),
    );
    const times: [number[], number[]] = [[], []];
    for (let at = 0; at < samples; at += 1) {
      // Either goes first as often as the other: what the machine does meanwhile hits both.
      for (const which of at % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const from = performance.now();
        await ask(both.x, paths[which]);
        times[which].push(performance.now() - from);
      }
    }
    expect(Math.abs(rankScore(...times)), 'standard deviations apart').to.be.below(4);
  }).timeout(slowMs);

  it('T9, T10: writes to what is not theirs are refused like those to what never was', async () => {
    const id = one(both.y, 'Practitioner');
    for (const [type, mine] of [
      ['Practitioner', id],
      ['Subscription', one(both.y, 'Subscription')],
    ] as const) {
      for (const method of ['PUT', 'PATCH', 'DELETE']) {
        for (const tag of ['W/"1"', 'W/"7"']) {
          const headers = { ...fixed, 'content-type': 'application/fhir+json', 'if-match': tag };
          const asking = { method, headers, ...(method === 'DELETE' ? {} : { body: '{}' }) };
          const theirs = await ask(both.x, `${type}/${mine}`, asking);
          const never = await ask(both.x, `${type}/${nobody}`, asking);
          expect(bare(theirs)).to.deep.equal(bare(never));
          expect(theirs.status).to.be.within(400, 499);
        }
      }
    }
    for (const condition of [`identifier=${both.y.mark}`, 'identifier=nobody']) {
      const headers = { ...fixed, 'content-type': 'application/fhir+json', 'if-none-exist': condition };
      expect((await ask(both.x, 'Practitioner', { method: 'POST', body: '{}', headers })).status).to.equal(405);
      expect((await ask(both.x, `Practitioner?${condition}`, { method: 'DELETE' })).status).to.equal(405);
      expect((await ask(both.x, `Practitioner?${condition}`, { method: 'PUT', body: '{}' })).status).to.equal(405);
    }
    expect((await ask(both.y, `Practitioner/${id}`)).status).to.equal(200);
  });

  it('T11, T12: chains and _has by what only the other has find what a random value finds', async () => {
    for (const question of [
      (word: string, id: string) =>
        `PractitionerRole?practitioner:Practitioner.family=${word}&_id:not=${id}&_total=accurate`,
      (word: string) => `PractitionerRole?organization.name=${word}&_summary=count`,
      (_: string, id: string) => `Practitioner?_has:PractitionerRole:practitioner:organization=Organization/${id}`,
      (_: string, id: string) =>
        `Practitioner?_has:PractitionerRole:practitioner:department.partof=${id}&_total=accurate`,
    ]) {
      const id = one(both.y, 'Organization');
      const [theirs, random] = [
        await ask(both.x, question(both.y.mark, id)),
        await ask(both.x, question('Zyxwvut', nobody)),
      ];
      const same = (answer: Answer, ...words: readonly string[]) =>
        words.reduce((text, word) => text.replaceAll(word, '#'), JSON.stringify(bare(answer)));
      expect(same(theirs, both.y.mark, id)).to.equal(same(random, 'Zyxwvut', nobody));
      expect(theirs.status).to.equal(200);
    }
  });

  it('T14: a scope that names roles alone brings no person along', async () => {
    const client = await both.server.client(both.x.tenant, 'system/PractitionerRole.rs');
    const token = await both.server.token(client);
    const answer = await ask(both.x, 'PractitionerRole?_include=PractitionerRole:practitioner', { token });
    expect(answer.body).to.not.include('"resourceType":"Practitioner"');
    expect(idsIn(answer).length).to.be.greaterThan(0);
  });

  it('T15, T16: histories and counts tell of no other tenant, whatever happens there', async () => {
    const questions = ['Practitioner?_summary=count', 'Practitioner?_total=accurate&_count=1', 'metadata'];
    questions.push(
      'Practitioner?_count=0',
      'Practitioner?_elements=id&_total=accurate',
      'Practitioner?_sort=_lastUpdated',
    );
    questions.push(`Practitioner/${one(both.x, 'Practitioner')}/_history`);
    const before = await Promise.all(questions.map((path) => ask(both.x, path)));
    const store = both.house.store(both.y.tenant);
    const { resources } = store;
    const version = present(
      await resources.read({ contract: 'v1', type: 'Practitioner', id: one(both.y, 'Practitioner') }),
      'a person',
    );
    const at = new Date().toISOString();
    const body = version.body.toString();
    const ops = Array.from({ length: 1000 }, (_, number): Op => {
      const key = { tenant: both.y.tenant, contract: 'v1', type: 'Practitioner', id: `new-${number}` };
      return {
        op: 'resource',
        ...key,
        version: 1,
        change: 'create',
        body,
        hash: 'h',
        unit: null,
        index: [],
        lineage: null,
      };
    });
    for (let from = 0; from < ops.length; from += 250) await store.transact(ops.slice(from, from + 250), at);
    const after = await Promise.all(questions.map((path) => ask(both.x, path)));
    expect(after.map(bare)).to.deep.equal(before.map(bare));
    for (const path of ['_history', 'Practitioner/_history?_since=2000']) {
      expect((await ask(both.x, path)).status, path).to.equal(404);
    }
  }).timeout(slowMs);

  it('T18: no answer is cached for another token, nor told apart by another tenant’s tag', async () => {
    const theirs = await ask(both.y, `Practitioner/${one(both.y, 'Practitioner')}`);
    const mine = await ask(both.x, `Practitioner/${one(both.x, 'Practitioner')}`);
    for (const { headers } of [theirs, mine]) {
      expect(headers['cache-control']).to.match(/^private/);
      expect(headers['vary']).to.match(/Authorization/);
    }
    const headers = { ...fixed, 'if-none-match': present(theirs.headers['etag'], 'tag') };
    const foreign = await ask(both.x, `Practitioner/${one(both.y, 'Practitioner')}`, { headers });
    expect(foreign.status).to.equal(404);
  });

  it('T23: no subscription is sent to the server itself, nor into its network', async () => {
    const own = `${both.server.url}${both.y.base}/Practitioner`;
    for (const endpoint of [
      own,
      'http://169.254.169.254/x',
      'https://10.0.0.1/x',
      'file:///etc/passwd',
      'https://a:b@c.example/',
    ]) {
      const body = JSON.stringify({
        ...{ resourceType: 'Subscription', status: 'requested', reason: 'x', criteria: 'Practitioner?active=true' },
        channel: { type: 'rest-hook', endpoint },
      });
      const headers = { ...fixed, 'content-type': 'application/fhir+json' };
      expect((await ask(both.x, 'Subscription', { method: 'POST', body, headers })).status, endpoint).to.equal(422);
    }
  });

  it('T24, X6: nothing malformed brings out a stack, a statement or a name', async () => {
    const attempts = [
      '%27%3B--',
      '%22%5D%7D',
      '%00',
      '$%7B7*7%7D',
      '$where',
      '../../x',
      '%EF%BF%BF',
      "1'%20OR%20'1'='1",
    ];
    for (const word of attempts) {
      for (const path of [
        ...[
          `Practitioner?name=${word}`,
          `Practitioner?_sort=${word}`,
          `Practitioner?_include=${word}`,
          `Practitioner/${word}`,
        ],
        ...[`Practitioner?identifier=${word}%7C${word}`, `Practitioner?_has:${word}`, `Practitioner?_page=${word}`],
        ...['$validate', 'Practitioner/1/$everything', 'ValueSet/$expand?url=x', 'Practitioner/$match'],
      ]) {
        const answer = await ask(both.x, path);
        expect(answer.status, path).to.be.oneOf([200, 400, 404]);
        expect(answer.body, path).to.not.match(/\bat .*\.ts|SELECT|SQLITE|Mongo|node_modules/);
        expect(answer.body).to.not.include(both.y.mark);
      }
    }
    for (const slug of ["rxx'--", 'rxx%27', '{"$ne":1}', '..', 'rxx%00']) {
      expect((await both.server.ask(`/t/${slug}/fhir/v1/Practitioner`, { token: both.x.token })).status).to.equal(404);
    }
  });

  it('T25: 200 mixed requests at once bring everybody their own alone', async () => {
    const asked = Array.from({ length: 200 }, async (_, at) => {
      const [me, other] = at % 2 === 0 ? [both.x, both.y] : [both.y, both.x];
      const paths = [
        'PractitionerRole?_include=PractitionerRole:practitioner',
        'PractitionerRole?practitioner.active=true',
        `Practitioner/${one(at % 3 === 0 ? other : me, 'Practitioner')}`,
      ];
      const answer = await ask(me, present(paths[at % paths.length], 'a path'));
      expect(answer.body).to.not.include(other.mark);
    });
    await Promise.all(asked);
  }).timeout(slowMs);

  it('X1: the audit of another tenant is not there, by whatever it is searched', async () => {
    const id = present(both.y.ids['Practitioner']?.[1], 'a person that nobody asked about');
    const theirs = await ask(both.x, `AuditEvent?entity=Practitioner/${id}`);
    const other = '11111111-0000-4000-8000-000000000000';
    const never = await ask(both.x, `AuditEvent?entity=Practitioner/${other}`);
    const text = (answer: Answer, about: string) => JSON.stringify(bare(answer)).replaceAll(about, '#');
    expect(text(theirs, id)).to.equal(text(never, other));
    expect(idsIn(theirs)).to.deep.equal([]);
  });

  it('X3: what was not delivered in one tenant is nothing to another', async () => {
    for (const path of [
      `Subscription/${one(both.y, 'Subscription')}/$events`,
      `Subscription/${one(both.y, 'Subscription')}/$status`,
    ]) {
      const never = path.replace(one(both.y, 'Subscription'), nobody);
      expect(bare(await ask(both.x, path))).to.deep.equal(bare(await ask(both.x, never)));
    }
  });

  it('X5: no origin is reflected, in errors neither', async () => {
    for (const path of ['Practitioner', 'nowhere', `Practitioner/${nobody}`]) {
      const answer = await ask(both.x, path, { headers: { ...fixed, origin: 'https://evil.example' } });
      expect(answer.headers['access-control-allow-origin'], path).to.equal(undefined);
      expect(JSON.stringify(answer)).to.not.include('evil.example');
    }
  });

  it('X2: who has used up a rate in one tenant takes nothing from another', async () => {
    const { tenants } = both.house.house;
    await tenants.set(both.x.tenant, 'requestsPerMinute', '3');
    const path = 'Practitioner?_count=1';
    await until('a refusal', 5, async () => ((await ask(both.x, path)).status === 429 ? true : undefined));
    const theirs = await ask(both.y, path);
    expect(theirs.status).to.equal(200);
    expect(Object.keys(theirs.headers).filter((name) => name.startsWith('ratelimit'))).to.deep.equal([]);
    await tenants.set(both.x.tenant, 'requestsPerMinute', '0');
  });

  it('X7: a tenant that is made anew under the name of a removed one takes none of its tokens', async () => {
    const { tenants, clients, store, permissionSets } = both.house.house;
    const gone = await tenants.get(both.y.tenant);
    const token = both.y.token;
    await clients.removeAll(gone.id);
    await permissionSets.removeAll(gone.id);
    await tenants.remove(gone.id);
    await endTokens(store.system.documents, 'tenant', gone.id, new Date());
    await tenants.add(gone);
    // What this process remembers of the registry counts for half a second; what is read is the new tenant's.
    await until('the old token is worth nothing', 2, async () => {
      const answer = await both.server.ask(`${both.y.base}/Practitioner`, { token, headers: fixed });
      expect(answer.body).to.not.include(both.y.mark);
      return answer.status === 401 ? true : undefined;
    });
    expect((await both.server.ask(`${both.y.base}/metadata`)).status).to.equal(200);
    const newcomer = await both.server.client(gone.id, 'system/*.rs');
    const found = await until('the new tenant answers, and has nothing', 5, async () => {
      const fresh = await both.server.token(newcomer).catch(() => undefined);
      if (fresh === undefined) return undefined;
      const answer = await both.server.ask(`${both.y.base}/Practitioner`, { token: fresh });
      return answer.status === 200 ? answer : undefined;
    });
    expect(idsIn(found)).to.deep.equal([]);
  }).timeout(slowMs);
}
