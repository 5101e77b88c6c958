import { expect } from 'chai';
import fc from 'fast-check';
import { addDays } from '../../../server/core/clock.ts';
import { dependents } from '../../../server/mapping/dependents.ts';
import { loadRecords, recordCache } from '../../../server/mapping/load-records.ts';
import { recordSet } from '../../../server/mapping/record-set.ts';
import { referencesOf } from '../../../server/mapping/references.ts';
import { isUnseen } from '../../../server/mapping/unseen.ts';
import { keyText, type RecordKey, type SourceRecord } from '../../../server/record/record.ts';
import { type Unit, unitText } from '../../../server/record/unit.ts';
import { anyRecord, anyRecords, firstDay } from '../../support/arbitrary-esr.ts';
import { context, mapping } from '../../support/esr-records.ts';
import { recordMap, unitsOf } from '../../support/record-map.ts';

const today = addDays(firstDay, 120);

function show(records: readonly SourceRecord[], date: string): Map<string, string> {
  const set = recordSet(records);
  const units = unitsOf(records, 'RXX');
  return new Map(units.map((unit) => [unitText(unit), shown(unit, set, date)]));
}

function shown(unit: Unit, set: ReturnType<typeof recordSet>, date: string): string {
  const { resources } = mapping.project(unit, set, { ...context, today: date });
  return JSON.stringify(resources.map(({ resource }) => resource));
}

const shuffled = anyRecords.chain((records) =>
  fc.tuple(fc.constant(records), fc.shuffledSubarray([...records], { minLength: records.length })),
);

describe('A projection of any records', () => {
  it('is the same whatever the order in which the records come', () => {
    fc.assert(
      fc.property(shuffled, ([records, other]) => {
        expect([...show(other, today)].sort()).to.deep.equal([...show(records, today)].sort());
      }),
      { numRuns: 60 },
    );
  });

  it('changes on its due date only', () => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const set = recordSet(records);
        for (const unit of unitsOf(records, 'RXX')) {
          let due: string | null = firstDay;
          let last = '';
          for (let days = 0; days <= 365; days += 1) {
            const date = addDays(firstDay, days);
            const projection = mapping.project(unit, set, { ...context, today: date });
            const text = JSON.stringify(projection.resources);
            if (date === due) last = text;
            expect(text, `${unitText(unit)} on ${date}, due ${due}`).to.equal(last);
            due = projection.due;
            expect(due === null || due > date).to.equal(true);
          }
        }
      }),
      { numRuns: 25 },
    );
  }).timeout(60_000);

  it('is the same from the records that are loaded for it as from all', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, async (records) => {
        const all = recordSet(records);
        const reader = recordMap(records);
        const cache = recordCache();
        for (const unit of unitsOf(records, 'RXX')) {
          const alone = await loadRecords([unit], reader, ['RXX']);
          const cached = await loadRecords([unit], reader, ['RXX'], cache);
          const expected = mapping.project(unit, all, { ...context, today });
          expect(mapping.project(unit, alone, { ...context, today })).to.deep.equal(expected);
          expect(mapping.project(unit, cached, { ...context, today })).to.deep.equal(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('changes with a record only where that record has it as a dependent', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, anyRecord, fc.boolean(), async (records, candidate, remove) => {
        const before = records.find((one) => keyText(one) === keyText(candidate));
        await expectDependents(records, before, remove ? undefined : candidate, candidate);
      }),
      { numRuns: 500 },
    );
  });

  it('changes with one field of a record only where that record has it as a dependent', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecords, anyEdit, fc.nat(), async (records, [field, value], choice) => {
        const before = records[choice % Math.max(records.length, 1)];
        if (before === undefined) return;
        const slices = before.slices.map((slice, at) =>
          at === choice % before.slices.length ? { ...slice, fields: { ...slice.fields, [field]: value } } : slice,
        );
        await expectDependents(records, before, { ...before, slices }, before);
      }),
      { numRuns: 500 },
    );
  });
});

/** A field that some type of record has, or none, and a value for it. */
const anyEdit = fc.constantFrom(
  ...['firstName', 'lastName', 'fte', 'jobRole', 'positionTitle', 'staffGroup', 'name'].map((name) => [name, 'Robin']),
  ...['userPersonType', 'userStatus'].map((name) => [name, 'Applicant']),
  ...['terminationDate', 'earliestStart', 'endDate'].map((name) => [name, addDays(today, -9)]),
  ...['personId', 'positionId', 'organisationId', 'parentId'].map((name) => [name, `${name.charAt(0)}2`.toUpperCase()]),
) as fc.Arbitrary<[string, string]>;

async function expectDependents(
  records: readonly SourceRecord[],
  before: SourceRecord | undefined,
  after: SourceRecord | undefined,
  { type, id }: RecordKey,
): Promise<void> {
  const rest = records.filter((one) => one !== before);
  const key = { type, id };
  const unseen = before !== undefined && after !== undefined && isUnseen(before, after);
  const changed = { key, before: refs(before), after: refs(after), unseen };
  const found = new Set((await dependents([changed], recordMap(records))).map(unitText));
  const old = show(records, today);
  const now = show(after === undefined ? rest : [...rest, after], today);
  for (const unit of new Set([...old.keys(), ...now.keys()])) {
    const same = (old.get(unit) ?? '[]') === (now.get(unit) ?? '[]');
    expect(same || found.has(unit), `${unit} changes with ${keyText(key)}`).to.equal(true);
  }
}

function refs(record: SourceRecord | undefined) {
  return record === undefined ? [] : referencesOf(record);
}
