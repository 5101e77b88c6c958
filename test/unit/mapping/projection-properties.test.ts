import { expect } from 'chai';
import fc from 'fast-check';
import { addDays } from '../../../server/core/clock.ts';
import { dependents } from '../../../server/mapping/dependents.ts';
import { loadRecords, recordCache } from '../../../server/mapping/load-records.ts';
import { recordSet } from '../../../server/mapping/record-set.ts';
import { referencesOf } from '../../../server/mapping/references.ts';
import { keyText, type SourceRecord } from '../../../server/record/record.ts';
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
        const rest = records.filter((one) => one !== before);
        const after = remove ? undefined : candidate;
        const key = { type: candidate.type, id: candidate.id };
        const changed = { key, before: refs(before), after: refs(after) };
        const found = new Set((await dependents([changed], recordMap(records))).map(unitText));
        const old = show(records, today);
        const now = show(after === undefined ? rest : [...rest, after], today);
        for (const unit of new Set([...old.keys(), ...now.keys()])) {
          const same = (old.get(unit) ?? '[]') === (now.get(unit) ?? '[]');
          expect(same || found.has(unit), `${unit} changes with ${keyText(key)}`).to.equal(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function refs(record: SourceRecord | undefined) {
  return record === undefined ? [] : referencesOf(record);
}
