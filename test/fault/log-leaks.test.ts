import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { newClient } from '../../server/auth/new-client.ts';
import { hashPassword } from '../../server/auth/password.ts';
import { newRegistrationToken } from '../../server/auth/registration-token.ts';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import { registrationTokens } from '../../server/registry/registration-tokens.ts';
import { userRegistry } from '../../server/registry/users.ts';
import { type AdminRig, adminRig } from '../support/admin-rig.ts';
import { tamperWith } from '../support/audit-file.ts';
import { browser } from '../support/browser.ts';
import { captureOutput } from '../support/captured-output.ts';
import { trustX } from '../support/house-open.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const unwritable = `CREATE TRIGGER unwritable BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END`;
const password = 'hunter2-correct-horse';

/** What the log may hold of nobody: names, numbers and secrets, by what they are. */
type Secrets = Map<string, string>;

/** Names and identifiers of the people in a GO2 file: fields of `PRA` rows, and assignment numbers. */
function noteFile(secrets: Secrets, text: string): void {
  for (const line of text.split(/\r?\n/)) {
    const fields = line.split('~');
    // Person, last name, first name, middle names, NI number, birth name, e-mail and the like; not dates and codes.
    if (fields[0] === 'PRA') for (const field of fields.slice(5)) note(secrets, 'person field', field);
    if (fields[0] === 'ASA') note(secrets, 'assignment number', fields[6] ?? '');
  }
}

function note(secrets: Secrets, what: string, value: string): void {
  const common = /^(?:Employee|Female|Male|Mr|Mrs|Miss|Ms|Dr|Yes|No|\d{8}|[A-Z][a-z]+ - .*|.{0,4})$/;
  if (!common.test(value)) secrets.set(value, what);
}

/** What of it stands in the text, as a word of its own. */
function found(text: string, secrets: Secrets): readonly string[] {
  const wordy = /[A-Za-z0-9]/;
  return [...secrets].flatMap(([value, what]) => {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
      const around = `${text[at - 1] ?? ''}${text[at + value.length] ?? ''}`;
      if (![...around].some((one) => wordy.test(one))) return [`${what}: ${value.slice(0, 4)}…`];
    }
    return [];
  });
}

describe('The log of a server at debug level', () => {
  let rig: AdminRig;
  const secrets: Secrets = new Map();
  const folder = temporaryFolder('leaks');
  let output: ReturnType<typeof captureOutput>;
  let full = '';
  let token = '';

  before(async function () {
    this.timeout(60_000);
    output = captureOutput();
    try {
      const options = { staff: 60, vpd: '277', ods: 'RXX', seed: 'leaks', days: 1, broken: 0.2, crlf: false };
      const { files } = generateTrust({ ...options, out: folder.path });
      for (const { name } of files) noteFile(secrets, readFileSync(join(folder.path, name), 'latin1'));
      rig = await adminRig([trustX], { logLevel: 'debug' });
      for (const { name } of files) await rig.ingest(name, readFileSync(join(folder.path, name)), 'rxx');
      full = readFileSync(join(folder.path, files[0]?.name ?? ''), 'latin1');
      token = await rig.token('rxx', 'system/*.rs');
      secrets.set(token, 'access token');
      secrets.set(readFileSync(join(rig.data, 'master.key'), 'utf8').trim(), 'master key');
    } finally {
      output.end();
    }
  });
  after(async () => {
    await rig.close();
    folder.remove();
  });

  const fetched = async (path: string, init: RequestInit = {}) => (await fetch(`${rig.url}${path}`, init)).text();
  const form = (fields: Readonly<Record<string, string>>, headers: Record<string, string> = {}): RequestInit => ({
    ...{ method: 'POST', headers, body: new URLSearchParams(fields) },
  });
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  });

  /** Some values of each kind, so that a failing request can carry them. */
  const values = (what: string, count = 5) =>
    [...secrets]
      .filter(([, kind]) => kind === what)
      .map(([v]) => v)
      .slice(0, count);

  const failing: Readonly<Record<string, () => Promise<void>>> = {
    'bad tokens': async () => {
      const [head, body] = token.split('.');
      for (const sent of [`${head}.${body}.AAAA`, `${token}x`, 'opaque-token-of-somebody', `${head}.e30.e30`]) {
        secrets.set(sent, 'bad token');
        for (const path of ['/t/rxx/fhir/v1/Practitioner', '/admin/v1/tenants/rxx/files', '/oauth/userinfo']) {
          await fetched(path, { headers: { authorization: `Bearer ${sent}` } });
          await fetched(`${path}?access_token=${sent}`, { headers: { authorization: `DPoP ${sent}`, dpop: sent } });
        }
      }
    },
    'wrong secrets and assertions': async () => {
      const { clients, keys, clock } = rig.house;
      const wish = { name: 'Leaky', tenant: 'rxx', scope: 'system/*.rs', contracts: ['v1'] };
      const { client, secret = '' } = newClient(wish, keys, clock.now().toISOString());
      await clients.add(client);
      secrets.set(secret, 'client secret').set('wrong-secret-4711', 'wrong secret');
      const assertion = `${token.split('.').slice(0, 2).join('.')}.c2lnbmVk`;
      secrets.set(assertion, 'assertion');
      const grant = { grant_type: 'client_credentials' };
      const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      await fetched('/oauth/token', form(grant, basic(client.id, 'wrong-secret-4711')));
      await fetched('/oauth/token', form(grant, basic('wrong-secret-4711', secret)));
      await fetched('/oauth/token', form({ ...grant, client_assertion_type: type, client_assertion: assertion }));
      await fetched('/oauth/token', form({ ...grant, scope: 'nonsense/x' }, basic(client.id, secret)));
      const refresh = { grant_type: 'refresh_token', refresh_token: 'refresh-token-of-somebody' };
      await fetched('/oauth/token', form(refresh, basic(client.id, secret)));
      await fetched('/oauth/token', form({ ...grant, resource: 'x' }, basic(client.id, secret)));
      for (const place of ['introspect', 'revoke']) {
        await fetched(`/oauth/${place}`, form({ token }, basic(client.id, 'wrong-secret-4711')));
        await fetched(`/oauth/${place}`, form({ token: 'refresh-token-of-somebody' }, basic(client.id, secret)));
      }
      secrets.set('refresh-token-of-somebody', 'refresh token');
    },
    'failing logins': async () => {
      const createdAt = new Date().toISOString();
      const memberships = [{ tenant: 'rxx', role: 'viewer' }] as const;
      const user = { id: 'u_1', name: 'vera.example', memberships, status: 'active', createdAt } as const;
      await userRegistry(rig.house.store).add({ ...user, password: await hashPassword(password) });
      secrets.set('vera.example', 'user name').set(password, 'password').set('wrong-password-1', 'password');
      const at = browser(rig.url);
      const page = await at.open(`${rig.url}/console`);
      await at.submit(page, { username: 'vera.example', password: 'wrong-password-1', action: 'login' });
      await at.submit(page, { username: password, password: 'vera.example', action: 'login' });
      await at.open(`${rig.url}/console/callback?code=code-of-somebody&state=state-of-somebody`);
      secrets.set('code-of-somebody', 'code');
    },
    'failing registrations': async () => {
      const { documents } = rig.house.store.system;
      const wish = {
        tenant: 'rxx',
        scope: 'system/*.rs',
        contracts: ['v1'],
        uses: 5,
        expiresAt: '2099-01-01T00:00:00Z',
      };
      const { token: stored, text } = newRegistrationToken(wish, new Date().toISOString());
      await registrationTokens(documents).add(stored);
      secrets.set(text, 'registration token');
      const register = (bearer: string, body: string) =>
        fetched('/oauth/reg', { method: 'POST', headers: { authorization: `Bearer ${bearer}` }, body });
      await register(`${text}x`, '{}');
      await register(text, '{"client_name":');
      await register(
        text,
        JSON.stringify({ client_secret: 'chosen-secret-1', jwks: { keys: [{ d: 'private-part' }] } }),
      );
      secrets.set('chosen-secret-1', 'chosen secret').set('private-part', 'private key');
      await fetched('/oauth/reg/nobody', { method: 'PUT', headers: { authorization: `Bearer ${text}` }, body: '{}' });
    },
    'failing searches': async () => {
      const headers = { authorization: `Bearer ${token}` };
      for (const value of values('person field', 30)) {
        const text = encodeURIComponent(value);
        const tries = [
          'family',
          'bogus',
          'birthdate',
          '_sort',
          '_id:not',
          'identifier',
          '_has:x',
          'general-practitioner.name',
        ];
        for (const name of tries) await fetched(`/t/rxx/fhir/v1/Practitioner?${name}=${text}`, { headers });
        await fetched(`/t/rxx/fhir/v1/Practitioner/${text}`, { headers });
        await fetched(`/t/rxx/fhir/v1/${text}/_history?x=%`, { headers });
      }
      await fetched('/t/rxx/fhir/v1/Practitioner/_search', {
        ...form({ family: 'x' }),
        headers: { ...headers, 'content-type': 'text/x' },
      });
    },
    'bad files': async () => {
      const broken = full.replaceAll('~47121231~', '~99999999~');
      for (const [name, text] of Object.entries({
        broken,
        cut: full.slice(0, 3000),
        other: full.replace('~277~', '~999~'),
      })) {
        await rig.ingest(`${name}.dat`, text, 'rxx').catch(() => []);
      }
    },
    'refused uploads and bodies': async () => {
      const place = '/admin/v1/tenants/rxx';
      const [name = 'x'] = values('person field', 1);
      const writer = await rig.token('rxx', 'admin/files.write admin/clients.write admin/users.write');
      secrets.set(writer, 'access token');
      const post = (path: string, bearer: string, body: string | Buffer) =>
        fetched(`${place}/${path}`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` }, body });
      await post(`files?name=${encodeURIComponent(name)}`, token, full);
      await post('files?name=x.gz', writer, gzipSync(full).subarray(0, 200));
      await post(`files?name=${'n'.repeat(300)}`, writer, full);
      await post('clients', writer, JSON.stringify({ name, scope: `system/${name}` }));
      await post('clients', writer, `{"name": "${name}`);
      await post('users', writer, JSON.stringify({ name, role: password }));
      await rig.work('rxx');
    },
    'a broken store': async () => {
      if (!onEmbeddedStore) return;
      const headers = { authorization: `Bearer ${token}` };
      tamperWith(rig.data, 'rxx', (sql) => sql(unwritable));
      for (const value of values('person field')) {
        await fetched(`/t/rxx/fhir/v1/Practitioner?family=${encodeURIComponent(value)}`, { headers });
        await fetched(`/t/rxx/fhir/v1/Practitioner?identifier=${encodeURIComponent(value)}`, { headers });
      }
      await fetched('/admin/v1/tenants/rxx/files', { headers });
      tamperWith(rig.data, 'rxx', (sql) => sql('DROP TRIGGER unwritable'));
    },
  };

  it('holds no name, identifier, secret, token or assertion, whatever fails', async function () {
    this.timeout(60_000);
    const silent = captureOutput();
    try {
      for (const work of Object.values(failing)) await work();
    } finally {
      silent.end();
    }
    const text = output.text() + silent.text();
    expect(text, 'something was logged').to.contain('"level":"info"');
    if (onEmbeddedStore) expect(text).to.contain('"level":"error"');
    expect(values('person field', 500).length).to.be.greaterThan(100);
    expect(found(text, secrets)).to.deep.equal([]);
  });

  it('would be caught with any of them in it', () => {
    for (const [value, what] of secrets) {
      const line = JSON.stringify({ level: 'debug', message: `asked for ${value}?` });
      if (JSON.stringify(value).slice(1, -1) !== value) continue;
      expect(found(line, secrets), what).to.not.deep.equal([]);
    }
  });
});
