import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { type DeliveryRig, deliveryRig } from '../support/delivery-rig.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/house-command.ts';
import { needs } from '../support/needs.ts';

const readme = readFileSync('README.md', 'utf8');
interface Program {
  readonly name: string;
  readonly file: string;
  /** What must be there; where it is not, the test is skipped. */
  readonly needs: readonly string[];
  readonly compile?: readonly string[];
  readonly run: readonly string[];
}

const assemblies = ['System.Runtime.Serialization', 'System.Xml', 'System.Xml.Linq'].map((name) => `-r:${name}.dll`);
const programs: readonly Program[] = [
  { name: 'node', file: 'receiver.mjs', needs: [process.execPath], run: [process.execPath, 'receiver.mjs'] },
  { name: 'python', file: 'receiver.py', needs: ['python3'], run: ['python3', 'receiver.py'] },
  {
    ...{ name: 'csharp', file: 'Receiver.cs', needs: ['mcs', 'mono'] },
    ...{ compile: ['mcs', ...assemblies, 'Receiver.cs'], run: ['mono', 'Receiver.exe'] },
  },
];

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

  const start = async ([program = '', ...args]: readonly string[], secret: string, port: number) => {
    const environment = { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) };
    const started = spawn(program, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'ignore'] });
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

  for (const { name, file, needs: programsNeeded, compile, run } of programs) {
    it(`verify, in ${name}, what is sent, and refuse what is made up`, async function () {
      const there = (program: string) => spawnSync(program, ['--version']).status === 0;
      for (const program of programsNeeded) needs(this, `program ${program}`, there(program));
      const [, text] = new RegExp(`<!-- receiver: ${name} -->\n\`\`\`\\w+\n([\\s\\S]*?)\`\`\``).exec(readme) ?? [];
      writeFileSync(join(folder, file), present(text, 'the example'));
      const [compiler, ...args] = compile ?? [];
      if (compiler !== undefined) {
        const { status, stdout } = spawnSync(compiler, args, { cwd: folder, encoding: 'utf8' });
        expect(status, stdout).to.equal(0);
      }
      const port = await freePort();
      const client = await rig.client('rxx');
      // It comes up a moment after the subscription, whose secret it needs: the handshake is tried again.
      const id = await client.subscribe(`http://127.0.0.1:${port}/hook`);
      const { printed, post } = await start(run, await client.secret(id), port);
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
