import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { noEvents, type Topic } from '../../server/cli/generator/events.ts';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import { type DeliveryRig, deliveryRig, fastSchedule } from '../support/delivery-rig.ts';
import { type HookReceiver, hookReceiver, notificationOf } from '../support/hook-receiver.ts';
import { until } from '../support/house-command.ts';
import { trustX } from '../support/house-open.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';

const scope = 'system/Subscription.cruds system/*.rs system/Provenance.r';
const withoutFocus: ReadonlySet<string> = new Set(['file-ingested', 'exception-raised']);

/** From generated files through the projection to receivers, one for each topic. */
describe('Subscribers of generated files', () => {
  const staff = onEmbeddedStore ? (process.env['VERIFY'] === '1' ? 4_000 : 300) : 60;
  const out = mkdtempSync(join(tmpdir(), 'esr-fhir-told-'));
  let rig: DeliveryRig;
  let hook: HookReceiver;

  before(async () => {
    hook = await hookReceiver();
    rig = await deliveryRig(fastSchedule, '2026-11-23T09:00:00.000Z', { tenants: [trustX] });
  });
  after(async () => {
    await rig.close();
    await hook.stop();
    rmSync(out, { recursive: true });
  });

  const told = (topic: string) =>
    hook.received
      .filter(({ path }) => path === `/${topic}`)
      .map((one) => notificationOf(one))
      .filter(({ kind }) => kind === 'event-notification');
  const numbers = (topic: string) => told(topic).flatMap((one) => one.numbers);

  it('are told exactly of the events that the manifest counts, each of its own topic, for a full file and ten days', async () => {
    const expected = noEvents();
    const topics = Object.keys(expected) as Topic[];
    const client = await rig.client('rxx', scope);
    for (const topic of topics) {
      const content = withoutFocus.has(topic) ? 'empty' : 'id-only';
      const id = await client.subscribe(`${hook.url}/${topic}`, { topic, content });
      await until('active', 10, async () => ((await client.subscription(id)).status === 'active' ? true : undefined));
    }
    const base = { staff, vpd: '277', ods: 'RXX', startDate: '2026-11-23', days: 10, broken: 0.005 };
    for (const { name, expect: file } of generateTrust({ ...base, seed: 'told', out }).files) {
      const [report] = await rig.house.ingest(name, readFileSync(join(out, name)), 'rxx');
      expect(report?.state, name).to.equal('applied');
      for (const topic of topics) expected[topic] += file.events[topic];
    }
    const all = topics.reduce((sum, topic) => sum + expected[topic], 0);
    await until(`${all} events`, 60, async () =>
      topics.reduce((sum, topic) => sum + numbers(topic).length, 0) >= all ? true : undefined,
    );
    for (const topic of topics) {
      const counted = Array.from({ length: expected[topic] }, (_, index) => index + 1);
      expect(numbers(topic), topic).to.deep.equal(counted);
      if (withoutFocus.has(topic)) expect(told(topic).flatMap(({ focuses }) => focuses)).to.deep.equal([]);
      else expect(told(topic).flatMap(({ focuses }) => focuses).length, topic).to.equal(expected[topic]);
    }
    expect(all).to.be.greaterThan(onEmbeddedStore ? 100 : 10);
  }).timeout(240_000);
});
