import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandJson, runLines, type ServingCommand, serveCommand, until } from '../support/house-command.ts';
import { send } from '../support/house-server.ts';
import { removeStore } from '../support/store-under-test.ts';

const slowMs = 90_000;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Command lines beside a running server: what they change counts there within two seconds. */
describe('a vendor and an operator', () => {
  const data = mkdtempSync(join(tmpdir(), 'esr-fhir-vendor-'));
  let server: ServingCommand;

  before(async function init() {
    this.timeout(slowMs);
    const add = ['tenant', 'add', 'rxx', '--name', 'Example Trust', '--ods', 'RXX', '--vpd', '277'];
    for (const { status, stderr } of await runLines(data, [
      ['init', '--data', data],
      [...add, '--data', data],
    ])) {
      expect(status, stderr).to.equal(0);
    }
    server = await serveCommand(data);
  });
  after(async () => {
    await server.stop();
    await removeStore(data);
    rmSync(data, { recursive: true, force: true });
  });

  const json = (...args: string[]) => commandJson(data, ...args) as Promise<Record<string, string>>;
  const token = async (id: string, secret: string) => {
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const headers = { ...form, authorization };
    const asking = { method: 'POST', headers, body: 'grant_type=client_credentials' };
    const { body } = await send(server.url, '/oauth/token', asking);
    return (JSON.parse(body) as { access_token: string }).access_token;
  };
  const status = async (bearer: string) =>
    (await send(server.url, '/t/rxx/fhir/v1/Practitioner', { token: bearer })).status;
  const stops = async (what: string, bearer: string) => {
    const started = Date.now();
    await until(what, 10, async () => ((await status(bearer)) === 401 ? true : undefined));
    expect(Date.now() - started, what).to.be.below(2000);
  };

  it('registers by a registration token, is disabled, enabled, and its old tokens stay worth nothing', async () => {
    const given = await json('registration-token', '--tenant', 'rxx', '--scope', 'system/*.rs');
    expect(given['registration_endpoint']).to.equal(`${server.url}/oauth/reg`);
    const authorization = `Bearer ${given['token']}`;
    const asking = { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: '{}' };
    const made = JSON.parse((await send(server.url, '/oauth/reg', asking)).body) as Record<string, string>;
    const [id = '', secret = ''] = [made['client_id'], made['client_secret']];
    const first = await token(id, secret);
    expect(await status(first)).to.equal(200);
    await json('client', 'disable', id, '--tenant', 'rxx');
    await stops('disable', first);
    await json('client', 'enable', id, '--tenant', 'rxx');
    const second = await until('enable', 5, async () => (await token(id, secret)) ?? undefined);
    await until('a token from after', 5, async () => ((await status(second)) === 200 ? true : undefined));
    expect(await status(first)).to.equal(401);
    await json('client', 'end-tokens', id, '--tenant', 'rxx');
    await stops('end-tokens', second);
  }).timeout(slowMs);

  it('changes a secret with an overlap', async () => {
    const made = await json('client', 'add', '--tenant', 'rxx', '--name', 'Rota', '--scope', 'system/*.rs');
    const id = made['client_id'] ?? '';
    const next = await json('client', 'rotate', id, '--tenant', 'rxx', '--overlap', '1h');
    expect(await token(id, made['client_secret'] ?? '')).to.be.a('string');
    expect(await token(id, next['client_secret'] ?? '')).to.be.a('string');
    await json('client', 'rotate', id, '--tenant', 'rxx');
    expect(await token(id, next['client_secret'] ?? '')).to.equal(undefined);
  }).timeout(slowMs);

  it('sees signing keys change: the next ones are published at once, and after a leak the old ones are gone', async () => {
    const made = await json('client', 'add', '--tenant', 'rxx', '--name', 'Rota', '--scope', 'system/*.rs');
    const bearer = await token(made['client_id'] ?? '', made['client_secret'] ?? '');
    const published = async () => {
      const { body, headers } = await send(server.url, '/oauth/jwks');
      expect(headers['cache-control']).to.equal('public, max-age=300');
      return (JSON.parse(body) as { keys: unknown[] }).keys.length;
    };
    expect(await published()).to.equal(2);
    await json('keys', 'rotate');
    await until('the next keys', 5, async () => ((await published()) === 4 ? true : undefined));
    expect(await status(bearer)).to.equal(200);
    await json('keys', 'rotate', '--at-once');
    await stops('keys rotate --at-once', bearer);
    await until('the old keys are gone', 5, async () => ((await published()) === 2 ? true : undefined));
  }).timeout(slowMs);

  it('is a person with a role, who is listed by name and shut out by it', async () => {
    const user = await json('user', 'add', 'Vera', '--role', 'viewer', '--tenant', 'rxx');
    expect(user['password']).to.have.length(20);
    expect(user).to.deep.include({ name: 'vera', roles: [{ role: 'viewer', tenant: 'rxx' }] });
    const lines = [
      ['user', 'add', 'vera', '--role', 'viewer', '--tenant', 'rxx'],
      ['user', 'add', 'pat', '--role', 'platform-admin', '--tenant', 'rxx'],
      ['user', 'add', 'pat', '--role', 'king'],
      ['user', 'role', 'vera', '--role', 'auditor', '--tenant', 'rxx'],
      ['user', 'disable', 'vera'],
    ];
    const ran = await runLines(
      data,
      lines.map((line) => [...line, '--data', data]),
    );
    expect(ran.map((one) => one.status)).to.deep.equal([1, 1, 2, 0, 0]);
    const { users } = (await json('user', 'list')) as unknown as { users: { status: string; roles: unknown[] }[] };
    expect(users).to.have.length(1);
    expect(users[0]).to.include({ status: 'disabled' });
    expect(users[0]?.roles).to.have.length(2);
  }).timeout(slowMs);
});
