import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import { present } from '../../server/core/assert.ts';
import type { FileState } from '../../server/store/port.ts';
import { runCommand, serveCommand, startCommand, until } from '../support/house-command.ts';
import { testHouse, trustX } from '../support/house-open.ts';
import { type HouseState, houseState } from '../support/house-state.ts';
import { onEmbeddedStore, removeStore } from '../support/store-under-test.ts';

const verify = process.env['VERIFY'] === '1';
const kills = verify ? 20 : onEmbeddedStore ? 8 : 2;

const slowMs = verify ? 600_000 : 180_000;

describe('An ingest that is killed', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-killed-'));
  const files: string[] = [];
  let undisturbed: HouseState;
  /** Milliseconds that a command takes to start, and that the whole ingest takes. */
  let [startMs, wholeMs] = [0, 0];

  before(async function () {
    this.timeout(slowMs);
    const out = join(scratch, 'files');
    // Long ago, so that no date comes true between two runs.
    const staff = verify ? 3_000 : onEmbeddedStore ? 500 : 60;
    const trust = { staff, vpd: '277', ods: 'RXX', seed: 'killed', startDate: '2020-01-01' };
    const manifest = generateTrust({ ...trust, out, days: 1, broken: 0.01 });
    files.push(...manifest.files.map(({ name }) => join(out, name)));
    const data = await freshFolder('undisturbed');
    startMs = await timed(() => runCommand(data, 'tenant', 'list'));
    wholeMs = await timed(() => runCommand(data, 'ingest', '--tenant', 'rxx', ...files));
    undisturbed = await stateOf(data);
    expect(undisturbed.files).to.have.lengthOf(2);
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  const freshFolder = async (name: string) => {
    const data = join(scratch, name);
    await (await testHouse([trustX], undefined, data)).close();
    return data;
  };

  /** Spread over the whole run; where in its share each one falls is chance, the same in every run. */
  const moment = (kill: number) => {
    const chance = ((kill * 7_919 + 104_729) % 1_000) / 1_000;
    return startMs * 0.8 + ((wholeMs - startMs * 0.8) * (kill + chance)) / kills;
  };

  for (let kill = 0; kill < kills; kill += 1) {
    it(`ends in what an undisturbed one ends in (killed at ${kill + 1}/${kills} of the run)`, async () => {
      const data = await freshFolder(`kill-${kill}`);
      const { child, done } = startCommand(data, ['ingest', '--tenant', 'rxx', ...files]);
      const timer = setTimeout(() => child.kill('SIGKILL'), moment(kill));
      await done;
      clearTimeout(timer);
      // By turns: the next ingest of the same files, or the background work and then what it cannot know of.
      const next = kill % 2 === 0 ? ['work'] : ['ingest', '--tenant', 'rxx', ...files];
      const again = await runCommand(data, ...next);
      expect(again.status, again.stderr).to.equal(0);
      same(await stateOf(data, kill % 2 === 0 ? files : []), undisturbed);
      await removeStore(data);
      rmSync(data, { recursive: true });
    }).timeout(slowMs);
  }

  it('is finished by a running server, without being asked', async () => {
    const data = await freshFolder('served');
    const server = await serveCommand(data);
    const house = await testHouse([], undefined, data);
    try {
      const state = async (wanted: FileState) => {
        const [file] = await house.store('rxx').ledger.files();
        return file?.state === wanted ? file : undefined;
      };
      const { child, done } = startCommand(data, ['ingest', '--tenant', 'rxx', present(files[0], 'the full file')]);
      await until('the ingest applies', 60, () => state('applying'));
      child.kill('SIGKILL');
      expect((await done).status).to.equal(null);
      await until('the server finishes the file', 60, () => state('applied'));
    } finally {
      await house.close();
      expect((await server.stop()).status).to.equal(0);
    }
    same(await stateOf(data, files), undisturbed);
  }).timeout(slowMs);
});

/** `files` are brought (again) first. */
async function stateOf(data: string, files: readonly string[] = []): Promise<HouseState> {
  const house = await testHouse([], undefined, data);
  for (const file of files) await house.ingest(basename(file), readFileSync(file), 'rxx');
  const state = await houseState(house.store('rxx'));
  await house.close();
  return state;
}

/** Member by member, so that a failure shows where. */
function same(state: HouseState, wanted: HouseState): void {
  for (const member of ['files', 'records', 'exceptions', 'events', 'versions'] as const) {
    expect(state[member], member).to.deep.equal(wanted[member]);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
