import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandJson, runCommand, type ServingCommand, serveCommand, until } from '../support/house-command.ts';
import { type Answer, send } from '../support/house-server.ts';
import { fileOf } from '../support/journey-vector.ts';
import { needs } from '../support/needs.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';

const slowMs = 120_000;
/** How long a running server may take to notice what another process did. */
const noticeMs = 2_000;

describe('Commands beside a running server', () => {
  const data = mkdtempSync(join(tmpdir(), 'esr-fhir-beside-'));
  let server: ServingCommand;
  before(async function () {
    this.timeout(slowMs);
    server = await serveCommand(data);
  });
  after(async () => {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  });

  /** Waits for the answer that shows what a command did; counted from the command's end. */
  const noticed = async (what: string, asked: () => Promise<Answer>, holds: (answer: Answer) => boolean) => {
    const began = Date.now();
    await until(what, 60, async () => (holds(await asked()) ? true : undefined));
    expect(Date.now() - began, what).to.be.at.most(noticeMs);
  };

  it('add a tenant, a client and a file that the server knows within two seconds, and take the client out', async () => {
    await commandJson(data, 'tenant', 'add', 'rxx', '--name', 'Example', '--ods', 'RXX', '--vpd', '277');
    const base = '/t/rxx/fhir/v1';
    await noticed(
      'the tenant',
      () => send(server.url, `${base}/metadata`),
      ({ status }) => status === 200,
    );

    const client = await commandJson(data, 'client', 'add', '--tenant', 'rxx', '--name', 'c', '--scope', 'system/*.rs');
    const { client_id: id, client_secret: secret } = client as Readonly<Record<string, string>>;
    const login = ['--client', `${id}`, '--secret', `${secret}`, '--tenant', 'rxx'];
    const { access_token: token = '' } = (await commandJson(data, 'token', ...login)) as Record<string, string>;
    const people = () => send(server.url, `${base}/Practitioner?_total=accurate`, { token });
    await noticed('the client', people, ({ status }) => status === 200);
    expect(JSON.parse((await people()).body)).to.include({ total: 0 });

    const { name, text } = fileOf({
      ...{ kind: 'full', sequence: 1, to: '20260401 000000' },
      rows: [
        { PRA: { 2: '1', 3: '20200101', 7: 'Baker' } },
        { ASA: { 2: '1', 3: '11', 4: '20200101', 10: 'Active Assignment' } },
      ],
    });
    const path = join(data, name);
    writeFileSync(path, text);
    expect(await commandJson(data, 'ingest', path)).to.have.nested.property('files[0].state', 'applied');
    const total = (wanted: number) => (answer: Answer) => answer.body.includes(`"total":${wanted}`);
    await noticed('the file', people, total(1));

    expect((await runCommand(data, 'client', 'disable', `${id}`, '--tenant', 'rxx')).status).to.equal(0);
    await noticed('the client is out', people, ({ status }) => status === 401);
    const refused = await runCommand(data, 'token', ...login);
    expect(refused).to.include({ status: 1, stdout: '' });
  }).timeout(slowMs);

  it('are told that the folder has a server already', async function () {
    needs(this, 'a store for one machine', onEmbeddedStore);
    const second = await runCommand(data, 'serve', '--port', '0');
    expect(second).to.include({ status: 1, stdout: '' });
    expect(second.stderr).to.match(/^esr-fhir: [^\n]+\n$/);
  }).timeout(slowMs);

  it('leave it to stop cleanly when it is asked to, and to start again', async () => {
    expect(await server.stop()).to.include({ status: 0, stderr: '' });
    const third = await serveCommand(data);
    expect((await third.stop()).status).to.equal(0);
  }).timeout(slowMs);
});
