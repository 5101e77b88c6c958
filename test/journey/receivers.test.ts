import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { type DeliveryRig, deliveryRig } from '../support/delivery-rig.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/house-command.ts';

const readme = readFileSync('README.md', 'utf8');
const programs = [
  { name: 'node', file: 'receiver.mjs', program: process.execPath },
  { name: 'python', file: 'receiver.py', program: 'python3' },
] as const;

/** What the README gives to those who receive notifications, against a delivery of ours. */
describe('The example receivers of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'esr-fhir-receivers-'));
  let rig: DeliveryRig;
  let child: ChildProcess | undefined;

  before(async () => {
    rig = await deliveryRig();
  });
  afterEach(() => child?.kill());
  after(async () => {
    await rig.close();
    rmSync(folder, { recursive: true });
  });

  const start = async (program: string, file: string, secret: string, port: number) => {
    const environment = { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) };
    const started = spawn(program, [file], { env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
    child = started;
    const printed: string[] = [];
    started.stdout.setEncoding('utf8').on('data', (text: string) => printed.push(...text.trim().split('\n')));
    const post = (body: string, headers: Readonly<Record<string, string>>) =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers }).then(
        ({ status }) => status,
        () => undefined,
      );
    const refused = await until('it listens', 10, () => post('{}', {}));
    expect(refused, 'unsigned').to.equal(401);
    return { printed, post };
  };

  for (const { name, file, program } of programs) {
    it(`verify, in ${name}, what is sent, and refuse what is made up`, async function () {
      if (spawnSync(program, ['--version']).status !== 0) this.skip();
      const [, text] = new RegExp(`<!-- receiver: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?)\`\`\``).exec(readme) ?? [];
      writeFileSync(join(folder, file), present(text, 'the example'));
      const port = await freePort();
      const client = await rig.client('rxx');
      // It comes up a moment after the subscription, whose secret it needs: the handshake is tried again.
      const id = await client.subscribe(`http://127.0.0.1:${port}/hook`);
      const { printed, post } = await start(program, join(folder, file), await client.secret(id), port);
      await until('no longer requested', 5, async () =>
        (await client.subscription(id)).status === 'requested' ? undefined : true,
      );
      await client.put(id, { status: 'requested' });
      await until('active', 10, async () => ((await client.subscription(id)).status === 'active' ? true : undefined));
      await rig.happen('rxx', ['p1', 'p2']);
      await until('two events', 10, async () => (printed.length === 2 ? true : undefined));
      expect(printed[0]).to.include('event-number').and.include('PractitionerRole/p1');
      const now = String(Math.floor(Date.now() / 1000));
      const forged = { 'webhook-id': 'x', 'webhook-timestamp': now, 'webhook-signature': 'v1,AAAA' };
      expect(await post('{}', forged)).to.equal(401);
      expect(await post('{}', { ...forged, 'webhook-timestamp': '1' })).to.equal(401);
      expect(printed).to.have.length(2);
    }).timeout(40_000);
  }
});
