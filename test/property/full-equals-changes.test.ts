import { expect } from 'chai';
import fc from 'fast-check';
import type { SourceRecord } from '../../server/record/record.ts';
import { anyRecords, firstDay } from '../support/arbitrary-esr.ts';
import { deleteRow, upsertRows } from '../support/go2-of-record.ts';
import { type TestHouse, testHouse, trustX } from '../support/house-open.ts';
import { liveResources } from '../support/house-state.ts';
import { fileOf, type VectorFile } from '../support/journey-vector.ts';

/** One changes file: records that it states, and how many of those that stood before it deletes. */
interface Day {
  readonly upserts: readonly SourceRecord[];
  readonly deletes: readonly number[];
}

type State = ReadonlyMap<string, SourceRecord>;

const history = fc.record({
  first: anyRecords,
  days: fc.array(fc.record({ upserts: anyRecords, deletes: fc.array(fc.nat(), { maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
});

const runs = process.env['VERIFY'] === '1' ? 150 : 12;
const key = ({ type, id }: Pick<SourceRecord, 'type' | 'id'>) => `${type}/${id}`;

describe('A full file', () => {
  it('ends in the same resources as the changes files that say the same', async function () {
    this.timeout(600_000);
    await fc.assert(fc.asyncProperty(history, sameEitherWay), { numRuns: runs, seed: 42 });
  });
});

async function sameEitherWay({ first, days }: { first: readonly SourceRecord[]; days: readonly Day[] }): Promise<void> {
  const step = await testHouse([trustX], `${firstDay}T12:00:00Z`);
  const whole = await testHouse([trustX], `${firstDay}T12:00:00Z`);
  try {
    let state = next(new Map(), { upserts: first, deletes: [] }).after;
    await apply(
      step,
      1,
      [...state.values()].flatMap((one) => upsertRows(one, '277')),
    );
    for (const [index, day] of days.entries()) {
      const { after, rows } = next(state, day);
      state = after;
      await apply(step, index + 2, rows);
    }
    await apply(
      whole,
      1,
      [...state.values()].flatMap((one) => upsertRows(one, '277')),
    );
    expect(await contents(step)).to.deep.equal(await contents(whole));
  } finally {
    await step.close();
    await whole.close();
  }
}

/**
 * The state after a day, and the rows that say so. Only rows that are good count here: those of a person who is not
 * there wait in quarantine, which is another property.
 */
function next(before: State, { upserts, deletes }: Day): { readonly after: State; readonly rows: VectorFile['rows'] } {
  const after = new Map(before);
  const rows: VectorFile['rows'][number][] = [];
  const candidates = [...before.values()].filter(({ type }) => type !== 'nacs');
  const gone = new Map(
    deletes.flatMap((number) => {
      const one = candidates[number % Math.max(candidates.length, 1)];
      return one === undefined ? [] : [[key(one), one] as const];
    }),
  );
  for (const one of gone.values()) {
    rows.push(deleteRow(one));
    after.delete(key(one));
    if (one.type !== 'person') continue;
    for (const other of before.values()) if (personsOf(other).includes(one.id)) after.delete(key(other));
  }
  const ordered = [...upserts].sort((a, b) => Number(personsOf(a).length > 0) - Number(personsOf(b).length > 0));
  for (const one of ordered) {
    if (gone.has(key(one)) || personsOf(one).some((id) => !after.has(`person/${id}`))) continue;
    after.set(key(one), one);
    rows.push(...upsertRows(one, '277'));
  }
  return { after, rows };
}

function personsOf({ type, slices }: SourceRecord): readonly string[] {
  if (type !== 'assignment' && type !== 'registration') return [];
  return slices.map(({ fields }) => String(fields['personId']));
}

async function apply(test: TestHouse, sequence: number, rows: VectorFile['rows']): Promise<void> {
  const at = (number: number) => `202512${String(number).padStart(2, '0')} 000000`;
  const place = { sequence, to: at(sequence), ...(sequence === 1 ? {} : { from: at(sequence - 1) }) };
  const { name, text } = fileOf({ kind: sequence === 1 ? 'full' : 'changes', ...place, rows });
  const [report] = await test.ingest(name, text, 'rxx');
  expect(report).to.include({ state: 'applied', quarantined: 0 });
}

async function contents(test: TestHouse): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const type of ['Basic', 'Location', 'Organization', 'Practitioner', 'PractitionerRole']) {
    for (const [id, { meta, ...rest }] of await liveResources(test.store('rxx'), type)) {
      const { versionId: _, lastUpdated: _at, ...other } = meta;
      found[`${type}/${id}`] = { ...rest, meta: other };
    }
  }
  return found;
}
