import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandJson, runLines, type ServingCommand, serveCommand, until } from '../support/house-command.ts';
import { send } from '../support/house-server.ts';
import { smallFile } from '../support/small-files.ts';
import { removeStore } from '../support/store-under-test.ts';

const slowMs = 90_000;
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const base = '/t/rxx/fhir/v1';

/** Command lines beside a running server: who sees what, from registration to lineage. */
describe('an operator who says what each client sees', () => {
  const data = mkdtempSync(join(tmpdir(), 'esr-fhir-sets-'));
  let server: ServingCommand;

  before(async function init() {
    this.timeout(slowMs);
    const { name, text } = smallFile('277', 1);
    writeFileSync(join(data, name), text, 'latin1');
    for (const { status, stderr } of await runLines(data, [
      ['init', '--data', data],
      ['tenant', 'add', 'rxx', '--name', 'Example Trust', '--ods', 'RXX', '--vpd', '277', '--data', data],
      ['ingest', '--tenant', 'rxx', join(data, name), '--data', data],
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
  const tokenOf = async (id = '', secret = '', scope?: string) => {
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const body = `grant_type=client_credentials${scope === undefined ? '' : `&scope=${encodeURIComponent(scope)}`}`;
    const answer = await send(server.url, '/oauth/token', {
      method: 'POST',
      headers: { ...form, authorization },
      body,
    });
    return JSON.parse(answer.body) as { access_token?: string; scope?: string; error?: string };
  };
  const clientWith = (scope: string, ...more: string[]) =>
    json('client', 'add', '--tenant', 'rxx', '--name', 'Rota', '--scope', scope, ...more);
  const ask = async (path: string, token = '') => {
    const answer = await send(server.url, `${base}/${path}`, { token });
    // biome-ignore lint/suspicious/noExplicitAny: resources of every shape
    return { status: answer.status, body: JSON.parse(answer.body) as any };
  };

  it('grants a granular scope within the ceiling, word for word, and no other', async () => {
    const made = await clientWith('system/Practitioner.rs system/PractitionerRole.rs?active=true');
    const { client_id: id, client_secret: secret } = made;
    const narrower = await tokenOf(id, secret, 'system/Practitioner.s?family=nobody');
    expect(narrower.scope).to.equal('system/Practitioner.s?family=nobody');
    expect((await ask('Practitioner?_summary=count', narrower.access_token)).body.total).to.equal(0);
    const version1 = await tokenOf(id, secret, 'system/Practitioner.read');
    expect(version1.scope).to.equal('system/Practitioner.read');
    expect((await ask('Practitioner?_summary=count', version1.access_token)).body.total).to.be.greaterThan(0);
    for (const scope of [
      'system/PractitionerRole.rs',
      'system/PractitionerRole.rs?active=false',
      'system/Practitioner.rs?gender:missing=true',
      'system/Practitioner.rs?_has:PractitionerRole:practitioner:active=true',
      'system/Practitioner.rs?_filter=family%20eq%20x',
      'system/Practitioner.rs?',
    ]) {
      expect((await tokenOf(id, secret, scope)).error, scope).to.equal('invalid_scope');
    }
    expect((await tokenOf(id, secret, 'system/PractitionerRole.r?active=true&date=ge2020')).error).to.equal(undefined);
  }).timeout(slowMs);

  it('shows a vendor that registered itself the least, and more once it is given more', async () => {
    const given = await json('registration-token', '--tenant', 'rxx', '--scope', 'system/*.rs');
    const headers = { authorization: `Bearer ${given['token']}`, 'content-type': 'application/json' };
    const made = JSON.parse((await send(server.url, '/oauth/reg', { method: 'POST', headers, body: '{}' })).body);
    const { access_token: token } = await tokenOf(made.client_id, made.client_secret);
    const [shown] = (await ask('Practitioner', token)).body.entry;
    expect(shown.resource).to.not.have.any.keys('gender', 'birthDate', 'telecom');
    expect((await ask('Practitioner?gender=female', token)).status).to.equal(400);
    await json('permission-set', 'give', 'full', made.client_id, '--tenant', 'rxx');
    await until('more is seen', 2, async () =>
      (await ask('Practitioner?gender=female', token)).status === 200 ? true : undefined,
    );
  }).timeout(slowMs);

  it('withholds sensitive staff within two seconds, but not from a set that names them', async () => {
    const document = JSON.stringify({ name: 'occupational-health', sensitive: true });
    await json('permission-set', 'put', document, '--tenant', 'rxx');
    const some = await clientWith('system/*.rs');
    const trusted = await clientWith('system/*.rs', '--permission-set', 'occupational-health');
    const { access_token: token = '' } = await tokenOf(some['client_id'], some['client_secret']);
    const { access_token: more = '' } = await tokenOf(trusted['client_id'], trusted['client_secret']);
    const count = async (type: string, bearer: string) => (await ask(`${type}?_summary=count`, bearer)).body.total;
    const before = await count('Practitioner', token);
    const roles = await count('PractitionerRole', token);
    const { resource } = (await ask('Practitioner', token)).body.entry[0];
    const person = resource.identifier.find(({ system }: { system: string }) =>
      system.endsWith('/esr-person-id'),
    ).value;
    await json('tenant', 'sensitive', 'add', '--tenant', 'rxx', '--person', person);
    await until('one is gone', 2, async () => ((await count('Practitioner', token)) === before - 1 ? true : undefined));
    expect(await count('PractitionerRole', token)).to.be.below(roles);
    expect((await ask(`Practitioner/${resource.id}`, token)).status).to.equal(404);
    expect((await ask(`Practitioner/${resource.id}/_history`, token)).status).to.equal(404);
    expect(await count('Practitioner', more)).to.equal(before);

    // Lineage: who was shown the person, and who was not.
    const traced = (await commandJson(data, 'lineage', '--tenant', 'rxx', '--person', person)) as unknown as {
      reads: readonly { readonly client: string; readonly at: string }[];
    };
    expect(traced.reads.map(({ client }) => client)).to.include(some['client_id']);
    const last = traced.reads.length;
    await ask(`Practitioner/${resource.id}`, token);
    await ask('PractitionerRole?_include=PractitionerRole:practitioner', token);
    await ask(`Practitioner/${resource.id}/_history`, more);
    const after = await until('the read is traced', 5, async () => {
      const { reads } = (await commandJson(
        data,
        'lineage',
        '--tenant',
        'rxx',
        '--person',
        person,
      )) as unknown as typeof traced;
      return reads.length > last ? reads.slice(last) : undefined;
    });
    expect(after.map(({ client }) => client)).to.deep.equal([trusted['client_id']]);
    await json('tenant', 'sensitive', 'remove', '--tenant', 'rxx', '--person', person);
    await until('the person is back', 2, async () =>
      (await count('Practitioner', token)) === before ? true : undefined,
    );
  }).timeout(slowMs);

  it('says no to sets that cannot be, and removes none that a client has', async () => {
    const ran = await runLines(
      data,
      [
        ['permission-set', 'put', '{"name":"full"}', '--tenant', 'rxx'],
        ['permission-set', 'put', '{"name":"a","mask":["salary"]}', '--tenant', 'rxx'],
        ['permission-set', 'remove', 'occupational-health', '--tenant', 'rxx'],
        ['permission-set', 'show', 'nothing', '--tenant', 'rxx'],
        ['client', 'add', '--tenant', 'rxx', '--name', 'x', '--scope', 'system/*.rs', '--permission-set', 'nothing'],
        ['permission-set', 'list', '--tenant', 'rxx'],
      ].map((line) => [...line, '--data', data]),
    );
    expect(ran.map((one) => one.status)).to.deep.equal([1, 1, 1, 1, 1, 0]);
  }).timeout(slowMs);
});
