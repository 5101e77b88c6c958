import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { generateTrust } from '../../server/cli/generator/trust.ts';
import { present } from '../../server/core/assert.ts';
import { decodeEsr } from '../../server/ingest/formats/go2/decode.ts';
import type { FileReport } from '../../server/ingest/parts.ts';
import { keyText, type RecordKey, recordTypes } from '../../server/record/record.ts';
import type { FileRow, TenantStore } from '../../server/store/port.ts';
import { doubled, flipped, mixed, shuffled, truncated } from '../support/damage-bytes.ts';
import { dice } from '../support/dice.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { liveResources } from '../support/house-state.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const verify = process.env['VERIFY'] === '1';
const day = '2026-11-20';
const at = `${day}T09:00:00.000Z`;

/** Short in CI; the long form flips more. */
const short = onEmbeddedStore ? { go2: 200, csv: 30 } : { go2: 20, csv: 6 };
const flips = verify ? { go2: 600, csv: 200 } : short;
const parts = 20;

/** What a tenant shows and keeps, as JSON by key: resources without their versions, records without their file. */
interface State {
  readonly resources: ReadonlyMap<string, string>;
  readonly records: ReadonlyMap<string, string>;
}

/** A tenant with good files applied, and how its next good file is written. */
interface Tenant {
  readonly house: TestHouse;
  readonly good: State;
  /** Bytes of a good file with another number than all before; `deletes` are gone by it. */
  issue(deletes?: readonly RecordKey[]): { readonly name: string; readonly bytes: Uint8Array };
}

describe('A damaged file', () => {
  const folder = temporaryFolder('damaged');
  const houses: TestHouse[] = [];
  let full = '';
  let table = Buffer.alloc(0);

  before(() => {
    const trust = { staff: 60, vpd: '277', ods: 'RXX', seed: 'damaged', startDate: day, days: 0, csv: true };
    const [go2, csv] = generateTrust({ ...trust, out: folder.path }).files.map(({ name }) => join(folder.path, name));
    full = readFileSync(go2 ?? '', 'latin1');
    table = readFileSync(csv ?? '');
  });
  after(() => folder.remove());
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close();
  });

  async function opened(): Promise<TestHouse> {
    const house = await testHouse([trustX], at);
    houses.push(house);
    return house;
  }

  async function standing(issue: (sequence: number, deletes: readonly RecordKey[]) => Issued): Promise<Tenant> {
    const house = await opened();
    const first = issue(1, []);
    applied(await house.ingest(first.name, first.bytes, 'rxx'));
    const good = await stateOf(house.store('rxx'));
    let sequence = 1;
    return {
      house,
      good,
      issue(deletes = []) {
        sequence += 1;
        return issue(sequence, deletes);
      },
    };
  }

  const go2 = () => standing((sequence, deletes) => issuedGo2(full, sequence, deletes));
  const csv = () => standing((sequence) => issuedCsv(table, sequence));

  it(`of GO2 that ends early is refused whole, at any of ${parts} places, and the whole one comes under its number`, async () => {
    const house = await opened();
    const { name, bytes } = issuedGo2(full, 1, []);
    for (let part = 0; part < parts; part += 1) {
      const [report] = await house.ingest(name, truncated(bytes, part, parts), 'rxx');
      expect(report?.state, `${part}/${parts}`).to.equal('rejected');
      expect((await stateOf(house.store('rxx'))).records.size, `${part}/${parts}`).to.equal(0);
    }
    applied(await house.ingest(name, bytes, 'rxx'));
    const undisturbed = await go2();
    same(await stateOf(house.store('rxx')), undisturbed.good, 'the whole file');
  }).timeout(60_000);

  it(`of CSV that ends early, at any of ${parts} places, is cured by the next whole one`, async () => {
    const tenant = await csv();
    for (let part = 0; part < parts; part += 1) {
      const { name, bytes } = tenant.issue();
      await survives(tenant, name, truncated(bytes, part, parts), `${part}/${parts}`);
    }
  }).timeout(60_000);

  it(`of GO2 with a byte that is another, at ${flips.go2} places, does no more than its rows say`, async () => {
    const tenant = await go2();
    const chance = dice(20261120);
    for (let flip = 1; flip <= flips.go2; flip += 1) {
      const { name, bytes } = tenant.issue();
      await survives(tenant, name, flipped(bytes, chance), `flip ${flip}`);
    }
  }).timeout(600_000);

  it(`of CSV with a byte that is another, at ${flips.csv} places, does no more than its rows say`, async () => {
    const chance = dice(20261121);
    let tenant = await csv();
    for (let flip = 1; flip <= flips.csv; flip += 1) {
      const { name, bytes } = tenant.issue();
      const strangers = await survives(tenant, name, flipped(bytes, chance), `flip ${flip}`);
      // A report has no deletes: what a wrong number brought stays, and the next round begins without it.
      if (strangers > 0) tenant = await csv();
    }
  }).timeout(600_000);

  for (const [format, tail] of [
    ['GO2', 1],
    ['CSV', 0],
  ] as const) {
    const open = format === 'GO2' ? go2 : csv;
    const from = format === 'GO2' ? 'latin1' : 'utf8';

    it(`of ${format} with its lines shuffled changes nothing`, async () => {
      const tenant = await open();
      const { name, bytes } = tenant.issue();
      const report = applied(await tenant.house.ingest(name, shuffled(bytes, tail, dice(1)), 'rxx'));
      expect(report).to.include({ created: 0, changed: 0, removed: 0, quarantined: 0 });
      same(await stateOf(tenant.house.store('rxx')), tenant.good, 'shuffled');
    });

    it(`of ${format} with every line twice is refused, or counts equal rows once`, async () => {
      const tenant = await open();
      const { name, bytes } = tenant.issue();
      await survives(tenant, name, doubled(bytes, tail), 'doubled');
      const counted = withTrailer(doubled(bytes, tail), tail);
      const report = applied(await tenant.house.ingest(name, counted, 'rxx'));
      expect(report).to.include({ created: 0, changed: 0, removed: 0, quarantined: 0 });
      same(await stateOf(tenant.house.store('rxx')), tenant.good, 'doubled');
    });

    it(`of ${format} with encodings mixed is cured by the next good one`, async () => {
      const tenant = await open();
      const files = [1, 2, 3].map((seed) => (bytes: Uint8Array) => mixed(bytes, dice(seed), from));
      const whole = [
        (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString(from), 'utf16le'),
        (bytes: Uint8Array) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
        (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString(from), 'utf8'),
      ];
      for (const [number, damage] of [...files, ...whole].entries()) {
        const { name, bytes } = tenant.issue();
        await survives(tenant, name, damage(bytes), `encoding ${number}`);
      }
    });
  }
});

/**
 * Ingests a damaged file and then the next good one. A refused file changes nothing; of an applied one the ledger
 * balances; after the good file every record and resource is as in the undisturbed tenant. Strangers (records whose
 * key no good file has, because the damage made another key) are deleted again where the format can say so.
 *
 * @returns how many strangers there are
 */
async function survives(tenant: Tenant, name: string, bytes: Uint8Array, where: string): Promise<number> {
  const { house, good } = tenant;
  const store = house.store('rxx');
  const [report] = await house.ingest(name, bytes, 'rxx');
  const file = await store.ledger.file(report?.id ?? '');
  if (report?.state === 'applied') await balances(store, present(file, where), where);
  else {
    expect(report?.state, where).to.be.oneOf(['rejected', 'held']);
    same(await stateOf(store), good, where);
    if (report?.state === 'rejected') return 0;
  }
  const next = tenant.issue();
  const cure = applied(await house.ingest(next.name, next.bytes, 'rxx'), where);
  expect(cure.quarantined, where).to.equal(0);
  const now = await stateOf(store);
  const strangers = [...now.records.keys()].filter((key) => !good.records.has(key)).map(keyOf);
  for (const [key, record] of good.records) expect(now.records.get(key), `${where}: ${key}`).to.equal(record);
  if (strangers.length === 0) same(now, good, where);
  else if (name.endsWith('.DAT')) {
    const rid = tenant.issue(strangers);
    applied(await house.ingest(rid.name, rid.bytes, 'rxx'), where);
    same(await stateOf(store), good, `${where}, strangers deleted`);
  }
  return strangers.length;
}

/** Rows went one way each, and the versions that the file made are those that it counts. */
async function balances(store: TenantStore, file: FileRow, where: string): Promise<void> {
  const { rows, unchanged, applied: changed, quarantined, dropped } = file;
  expect(unchanged + changed + quarantined + dropped, `${where}: rows`).to.equal(rows);
  const versions = await store.ledger.versionsOf(file.id);
  const count = (change: string) => versions.filter((one) => one.change === change).length;
  const made = { created: count('create'), changed: count('update'), removed: count('delete') };
  expect(file, `${where}: versions`).to.include(made);
}

function same(state: State, wanted: State, where: string): void {
  expect([...state.records.keys()].sort(), `${where}: records`).to.deep.equal([...wanted.records.keys()].sort());
  expect([...state.resources.keys()].sort(), `${where}: resources`).to.deep.equal([...wanted.resources.keys()].sort());
  for (const [id, one] of wanted.resources) expect(state.resources.get(id), `${where}: ${id}`).to.equal(one);
}

function applied(reports: readonly FileReport[], where = ''): FileReport {
  const [report] = reports;
  expect(report?.state, `${where} ${report?.reason ?? ''}`).to.equal('applied');
  return present(report, 'a report');
}

async function stateOf(store: TenantStore): Promise<State> {
  const resources = new Map<string, string>();
  for (const type of ['Basic', 'Location', 'Organization', 'Practitioner', 'PractitionerRole']) {
    for (const [id, { meta: _, ...rest }] of await liveResources(store, type))
      resources.set(`${type}/${id}`, JSON.stringify(rest));
  }
  const records = new Map<string, string>();
  for (const type of recordTypes) {
    const keys = (await store.records.ids(type, '', 100_000)).map(({ id }): RecordKey => ({ type, id }));
    for (const record of await store.records.get(keys)) {
      const slices = record.slices.map(({ start, end, fields }) => ({ start, end, fields }));
      records.set(keyText(record), JSON.stringify(slices));
    }
  }
  return { resources, records };
}

function keyOf(text: string): RecordKey {
  const slash = text.indexOf('/');
  const type = present(
    recordTypes.find((one) => one === text.slice(0, slash)),
    text,
  );
  return { type, id: text.slice(slash + 1) };
}

interface Issued {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const deleteCodes = {
  ...{ location: 'LCD', organisation: 'ORD', position: 'POD', person: 'PRD', registration: 'ETD', assignment: 'ASD' },
  nacs: undefined,
} as const;

/** The full file with another sequence number, and delete rows at its end. */
function issuedGo2(text: string, sequence: number, deletes: readonly RecordKey[]): Issued {
  const lines = text.trimEnd().split('\n');
  const rows = [
    ...lines.slice(1, -1),
    ...deletes.flatMap(({ type, id }) => (deleteCodes[type] === undefined ? [] : [`${deleteCodes[type]}~${id}`])),
  ];
  const header = present(lines[0], 'header').replace(/_\d{8}\.DAT/, `_${String(sequence).padStart(8, '0')}.DAT`);
  const name = present(header.split('~')[1], 'file name');
  const all = [header, ...rows, `TRL~${rows.length + 2}`];
  return { name, bytes: Buffer.from([...all.map((line) => `${line}\n`).join('')].map(byteOf)) };
}

const letters = decodeEsr(Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte)));

/** The byte of a letter that was read as Windows-1252, or written as ISO-8859-1. */
function byteOf(letter: string): number {
  const code = letter.charCodeAt(0);
  return code < 256 ? code : letters.indexOf(letter);
}

/** The report again: a blank line makes other bytes of it. */
function issuedCsv(bytes: Uint8Array, sequence: number): Issued {
  return { name: `staff-${sequence}.csv`, bytes: Buffer.concat([bytes, Buffer.from('\n'.repeat(sequence))]) };
}

/** The same with a trailer that counts its lines; of a format without trailers as it is. */
function withTrailer(bytes: Uint8Array, tail: number): Uint8Array {
  if (tail === 0) return bytes;
  const lines = Buffer.from(bytes).toString('latin1').trimEnd().split('\n');
  const counted = [...lines.slice(0, -1), `TRL~${lines.length}`];
  return Buffer.from(counted.map((line) => `${line}\n`).join(''), 'latin1');
}
