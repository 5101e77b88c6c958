import fc from 'fast-check';
import { addDays } from '../../server/core/clock.ts';
import type { Fields, RecordType, SourceRecord } from '../../server/record/record.ts';
import { record } from './esr-records.ts';

/** The first day of the year in which the arbitrary slices lie, mostly. */
export const firstDay = '2026-01-01';

const day = fc.integer({ min: -30, max: 395 }).map((days) => addDays(firstDay, days));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
const id = (prefix: string, max: number) => fc.integer({ min: 1, max }).map((number) => `${prefix}${number}`);

/** Slices that may overlap, leave gaps and lie in the future. */
function slices(fields: fc.Arbitrary<Record<string, string | undefined>>) {
  return fc
    .array(fc.tuple(day, maybe(fc.integer({ min: 0, max: 200 })), fields), { minLength: 1, maxLength: 3 })
    .map((list) => {
      const byStart = new Map(list.map(([start, days, some]) => [start, { start, days, fields: defined(some) }]));
      return [...byStart.values()]
        .sort((a, b) => (a.start < b.start ? -1 : 1))
        .map((slice) => [slice.start, slice.days === undefined ? null : addDays(slice.start, slice.days), slice.fields])
        .map((slice) => slice as [string, string | null, Fields]);
    });
}

function defined(fields: Record<string, string | undefined>): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const statuses = fc.constantFrom('Active Assignment', 'Career Break', 'Terminated', 'Offer Accepted', 'Maternity');

const fieldsOf = {
  organisation: fc.record({
    name: fc.constantFrom('277 5 Surgery', '277 6 Theatre', 'Ward'),
    parentId: maybe(id('O', 5)),
    nacsCode: fc.option(fc.constantFrom('RXX', 'RYY'), { nil: undefined, freq: 1 }),
    locationId: maybe(id('L', 2)),
  }),
  position: fc.record({
    positionNumber: fc.constantFrom('100', '200'),
    organisationId: maybe(id('O', 5)),
  }),
  person: fc.record({
    lastName: fc.constantFrom('Ash', 'Byrne'),
    terminationDate: maybe(day),
    userPersonType: fc.constantFrom('Employee', 'Employee', 'Applicant'),
  }),
  assignment: fc.record({
    personId: id('P', 3),
    userStatus: statuses,
    earliestStart: maybe(day),
    endDate: maybe(day),
    organisationId: maybe(id('O', 6)),
    positionId: maybe(id('S', 3)),
    locationId: maybe(id('L', 3)),
  }),
} as const;

const dated = (type: keyof typeof fieldsOf, key: fc.Arbitrary<string>) =>
  fc
    .tuple(key, slices(fieldsOf[type] as fc.Arbitrary<Record<string, string | undefined>>))
    .map(([one, list]) => record(type, one, ...list));

const undated = (
  type: RecordType,
  key: fc.Arbitrary<string>,
  fields: fc.Arbitrary<Record<string, string | undefined>>,
) => fc.tuple(key, fields).map(([one, some]) => record(type, one, [null, null, defined(some)]));

/** Any one record of a small tenant. */
export const anyRecord: fc.Arbitrary<SourceRecord> = fc.oneof(
  {
    weight: 1,
    arbitrary: undated('nacs', fc.constantFrom('RXX', 'RYY'), fc.record({ name: fc.constantFrom('A', 'B') })),
  },
  {
    weight: 2,
    arbitrary: undated(
      'location',
      id('L', 3),
      fc.record({ description: fc.constant('Site'), inactiveDate: maybe(day) }),
    ),
  },
  { weight: 4, arbitrary: dated('organisation', id('O', 5)) },
  { weight: 3, arbitrary: dated('position', id('S', 3)) },
  { weight: 3, arbitrary: dated('person', id('P', 3)) },
  {
    weight: 2,
    arbitrary: undated(
      'registration',
      id('R', 3),
      fc.record({ personId: id('P', 3), body: fc.constant('General Medical Council'), number: fc.constant('1234567') }),
    ),
  },
  { weight: 6, arbitrary: dated('assignment', id('A', 5)) },
);

/** A small tenant: references between its records may dangle and its organisations may form loops. */
export const anyRecords: fc.Arbitrary<readonly SourceRecord[]> = fc
  .array(anyRecord, { minLength: 12, maxLength: 30, size: 'max' })
  .map((records) => [...new Map(records.map((one) => [`${one.type}/${one.id}`, one])).values()]);
