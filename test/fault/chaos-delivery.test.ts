import { expect } from 'chai';
import { type ChaosReceiver, chaosReceiver, type Mood, moods } from '../support/chaos-receiver.ts';
import { type DeliveryProcess, deliveryProcess } from '../support/delivery-process.ts';
import { type DeliveryRig, deliveryRig, fastSchedule } from '../support/delivery-rig.ts';
import { until } from '../support/serve-process.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const whole = process.env['VERIFY'] === '1';
/** A server for tests without indexes, whose transactions copy what they write to, is slow. */
const patience = onEmbeddedStore ? 1 : 5;
const events = whole ? 100_000 : onEmbeddedStore ? 5_000 : 400;
/** So few events at a time that every receiver is asked often enough to fail. */
const together = events < 5_000 ? [10, 4, 8] : [100, 20, 50];
const kills = whole ? 10 : 3;
const subscriptionsPerTenant = 10;
const tenants = ['ra1', 'rb1', 'rc1', 'rd1', 're1'].map((id, index) => ({
  ...{ id, name: id, ods: [id.toUpperCase()], vpds: [String(301 + index)] },
}));

/** Failures are tried again without end and soon: what is proved is that nothing is lost, not how long one waits. */
const schedule = {
  ...fastSchedule,
  ...{ delivery: Array.from({ length: 1_000 }, () => 0.1), handshake: Array.from({ length: 100 }, () => 0.1) },
  ...{ jitter: 0.5, refusalsMax: 1_000, circuitSeconds: 0.1, circuitSecondsMax: 0.2 },
};

describe(`Delivery of ${events} events to 50 subscriptions of 5 tenants`, () => {
  const folder = temporaryFolder('chaos-delivery');
  const receivers: { readonly tenant: string; readonly hook: ChaosReceiver; id: string }[] = [];
  const killedMs: number[] = [];
  let rig: DeliveryRig;
  let delivering: DeliveryProcess | undefined;

  before(async function () {
    this.timeout(60_000 * patience);
    rig = await deliveryRig(schedule, undefined, { tenants, folder: folder.path, deliver: false });
    const lost = (sinceMs: number) => killedMs.some((ms) => ms >= sinceMs);
    for (const { id: tenant } of tenants) {
      const client = await rig.client(tenant);
      for (let n = 0; n < subscriptionsPerTenant; n += 1) {
        const names = Object.keys(moods) as Mood[];
        const hook = await chaosReceiver(tenant, names[n % names.length] ?? 'fine', lost);

        const wish = {
          maxCount: together[n % 3] ?? 100,
          timeout: hook.mood === 'hangs' ? 1 : 20,
        };
        receivers.push({ tenant, hook, id: await client.subscribe(`${hook.url}/hook`, wish) });
      }
    }
  });
  after(async () => {
    await delivering?.kill();
    await rig.close();
    for (const { hook } of receivers) await hook.stop();
    folder.remove();
  });

  it(`with receivers that are unwell and ${kills} kills: all, in order, none of another tenant’s`, async () => {
    const perTenant = events / tenants.length;
    delivering = await deliveryProcess(folder.path, schedule);
    const perBatch = Math.min(100, perTenant / 8);
    const killEvery = Math.ceil(perTenant / perBatch / (kills + 1));
    for (let batch = 0; batch < perTenant / perBatch; batch += 1) {
      for (const { id } of tenants) {
        const people = Array.from({ length: perBatch }, (_, index) => `${id}-${batch * perBatch + index + 1}`);
        await rig.happen(id, people);
      }
      if (batch % killEvery !== killEvery - 1 || killedMs.length >= kills) continue;
      const before = receivers.reduce((sum, { hook }) => sum + hook.taken(), 0);
      const more = () => receivers.reduce((sum, { hook }) => sum + hook.taken(), 0) > before;
      await until(more, 'some of it is delivered', 30_000 * patience);
      await delivering.kill();
      killedMs.push(performance.now());
      for (const { hook } of receivers) if (hook.mood === 'restarts') await hook.restart();
      delivering = await deliveryProcess(folder.path, schedule);
    }
    const all = () => receivers.every(({ hook }) => hook.taken() >= perTenant);
    await until(all, 'every subscription has every event', whole ? 1_200_000 : 60_000 * patience);
    await delivering.kill();
    for (const { tenant, hook } of receivers) {
      expect(hook.wrong.slice(0, 3), `${tenant} ${hook.mood}`).to.deep.equal([]);
      expect(hook.taken(), `${tenant} ${hook.mood}`).to.equal(perTenant);
    }
    const again = { refused: 0, lost: 0, late: 0, unexplained: 0 };
    for (const { tenant, id, hook } of receivers) {
      again.refused += hook.again.refused;
      again.lost += hook.again.lost;
      for (const number of hook.answeredTwice) {
        const attempts = await rig.house.store(tenant).delivery.attempts(id, number, number, 1_000);
        // An answer that came after the sender's patience.
        again[attempts.some(({ status }) => status === null) ? 'late' : 'unexplained'] += 1;
      }
    }
    process.stdout.write(`    told again: ${JSON.stringify(again)} of ${perTenant * receivers.length}\n`);
    expect(killedMs).to.have.length(kills);
    expect(again.unexplained).to.equal(0);
    // What a kill can lose is one answer of each subscription.
    expect(again.lost).to.be.at.most(kills * 2 * receivers.length * 100);
    expect(again.refused).to.be.greaterThan(0);
  }).timeout(whole ? 1_800_000 : 120_000 * patience);
});
