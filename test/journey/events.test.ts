import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { comeTrue } from '../../server/ingest/dates.ts';
import type { TenantStore } from '../../server/store/port.ts';
import { topics } from '../../server/topics/topic.ts';
import { baseline, type EventStep, fileOfStep, lastNames, readEventVector } from '../support/event-vector.ts';
import { eventsOf, type KeptEvent } from '../support/house-events.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { fileOf, filledIn } from '../support/journey-vector.ts';

const folder = new URL('../../conformance/vectors/events/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'people.json');

interface Run {
  readonly house: TestHouse;
  readonly tenant: string;
  readonly vpd: string;
  readonly store: TenantStore;
  /** Ids of the events that a step named. */
  readonly named: Map<string, string>;
  last: { readonly sequence: number; readonly to: string };
  seen: number;
}

describe('Event vectors', () => {
  let house: TestHouse;

  before(async () => {
    house = await testHouse([]);
  });
  after(() => house.close());

  for (const [index, name] of names.entries()) {
    const vector = readEventVector(name);
    it(`${name}: ${vector.description}`, async () => {
      const run = await started(house, name.replace('.json', ''), String(100 + index));
      for (const [index, step] of vector.steps.entries()) await check(run, step, `step ${index + 1}`);
    });
  }

  it('name every topic', () => {
    const told = names.flatMap((name) => readEventVector(name).steps.flatMap(({ events }) => events));
    expect([...new Set(told.map(({ type }) => type))].sort()).to.deep.equal(Object.keys(topics).sort());
  });
});

/** The first full file is in: it told nobody anything but that it came. */
async function started(house: TestHouse, tenant: string, vpd: string): Promise<Run> {
  house.setTime(`${baseline.today}T09:00:00.000Z`);
  await house.house.tenants.apply({ ...trustX, id: tenant, ods: [`R${vpd}`], vpds: [vpd] });
  const store = house.store(tenant);
  const { name, text } = fileOf({ ...baseline.file, vpd });
  await house.ingest(name, text, tenant);
  await comeTrue(house.house.ingest, tenant);
  const events = await eventsOf(store);
  expect(events.map(({ type }) => type)).to.deep.equal(['file-ingested']);
  return {
    house,
    tenant,
    vpd,
    store,
    named: new Map(),
    last: { sequence: 1, to: baseline.file.to },
    seen: events.length,
  };
}

async function check(run: Run, { today, rows, events }: EventStep, where: string): Promise<void> {
  const { house, tenant, vpd, store, named } = run;
  house.setTime(`${today}T09:00:00.000Z`);
  let correlation: string | undefined;
  if (rows === undefined) await comeTrue(house.house.ingest, tenant);
  else {
    const file = fileOfStep(today, rows, run.last);
    run.last = file;
    const { name, text } = fileOf({ ...file, vpd });
    const [report] = await house.ingest(name, text, tenant);
    expect(report?.state, where).to.equal('applied');
    correlation = report?.id ?? '';
  }
  const all = await eventsOf(store);
  const told = all.slice(run.seen);
  run.seen = all.length;
  const expected = events.map(({ type, focus, date = today, first }) => ({
    ...{ type, focus: focus === undefined ? null : filledIn(tenant, focus), date },
    ...(first === undefined ? {} : { first: present(named.get(first) ?? idOf(tenant, events, told, first), first) }),
  }));
  const found = told.map((event) => ({
    ...{ type: event.type, focus: focusOf(event)?.reference ?? null, date: event.data.effectiveDate },
    ...(event.data.firstEvent === undefined ? {} : { first: event.data.firstEvent }),
  }));
  expect(sorted(found), where).to.deep.equal(sorted(expected));
  for (const { as } of events) if (as !== undefined) named.set(as, present(idOf(tenant, events, told, as), as));
  expect(new Set(all.map(({ id }) => id)).size, `${where}: ids`).to.equal(all.length);
  for (const event of told) await checkEvent(store, event, { today, correlation });
}

/** The id of the event that this very step names. */
function idOf(
  tenant: string,
  events: EventStep['events'],
  told: readonly KeptEvent[],
  name: string,
): string | undefined {
  const meant = events.find(({ as }) => as === name);
  const subject = meant?.focus === undefined ? undefined : filledIn(tenant, meant.focus);
  return told.find((event) => event.type === meant?.type && event.subject === subject)?.id;
}

async function checkEvent(
  store: TenantStore,
  event: KeptEvent,
  { today, correlation }: { readonly today: string; readonly correlation: string | undefined },
): Promise<void> {
  const { specversion, source, data, subject } = event;
  expect({ specversion, source }).to.deep.equal({ specversion: '1.0', source: `urn:esr-fhir:tenant:${store.tenant}` });
  expect(data).to.include({
    tenant: store.tenant,
    file: correlation ?? null,
    cause: correlation === undefined ? 'date' : 'file',
  });
  if (correlation !== undefined) expect(data).to.include({ correlationId: correlation, receivedDate: today });
  for (const name of lastNames) expect(JSON.stringify(event)).not.to.include(name);
  const focus = focusOf(event);
  if (focus === undefined) return;
  expect(focus.reference).to.equal(subject);
  const [type = '', id = ''] = subject.split('/');
  expect(await store.resources.vread({ contract: 'v1', type, id }, focus.version), subject).not.to.equal(undefined);
}

function focusOf({ data }: KeptEvent) {
  return data['focus'] as { readonly reference: string; readonly version: number } | undefined;
}

function sorted(items: readonly object[]): readonly string[] {
  return items.map((item) => JSON.stringify(item)).sort();
}
