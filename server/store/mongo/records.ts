import { assert, present } from '../../core/assert.ts';
import type { LineSum } from '../../record/line-sum.ts';
import {
  keyText,
  type RecordKey,
  type RecordLayers,
  recordTypes,
  type Slice,
  type SourceRecord,
} from '../../record/record.ts';
import { unitText } from '../../record/unit.ts';
import type { RecordReader } from '../port.ts';
import { parseUnit } from '../unit-text.ts';
import type { Journal } from './journal.ts';
import type { Filter } from './part.ts';
import type { Documents } from './schema.ts';
import type { TenantParts } from './tenant-parts.ts';

/** Ids in one question: the answer stays far below a message's 48 MB, whatever the records hold. */
const keysPerQuestion = 5000;

/** What a deleted record leaves has no type. */
const alive = { type: { $exists: true } };

export function recordReader(parts: () => Promise<TenantParts>, journal: Journal): RecordReader {
  const reading = <T>(work: (parts: TenantParts) => Promise<T>): Promise<T> =>
    journal.reading(async () => work(await parts()));

  const byKeys = async ({ record }: TenantParts, keys: readonly RecordKey[], fields?: readonly string[]) => {
    const ids = [...new Set(keys.map(keyText))].map((key) => record.id(key));
    const found: Documents['record'][] = [];
    for (let from = 0; from < ids.length; from += keysPerQuestion) {
      const filter = { _id: { $in: ids.slice(from, from + keysPerQuestion) }, ...alive };
      found.push(...(await record.find(filter, fields === undefined ? {} : { fields })));
    }
    return found;
  };

  return {
    get: (keys) => reading(async (at) => (await byKeys(at, keys)).map((found) => toRecord(at, found))),

    hashes: (keys) =>
      reading(async (at) => {
        const found = await byKeys(at, keys, ['hash']);
        return new Map(found.map(({ _id, hash }) => [at.record.key(_id), present(hash, 'the hash')]));
      }),

    referring: (to) =>
      reading(async ({ record }) => {
        const references = [...new Set(to.map(({ type, id }) => `${type}/${id}`))];
        const filter = { references: { $in: references } };
        const found = await record.find(filter, { fields: ['_id'], sort: { _id: 1 } });
        return found.map(({ _id }) => parseKey(record.key(_id)));
      }),

    byFile: (file) =>
      reading(async (at) => {
        const found = await at.record.find({ file }, { sort: { _id: 1 } });
        return found.map((document) => toRecord(at, document));
      }),

    lineSums: (each) => reading((at) => eachLineSum(at, each)),

    summed: () => reading(async (at) => (await extent(at, { lines: { $exists: true } })).count),

    state: () =>
      reading(async (at) => {
        // What is left of deleted ones counts: their deletion is a write like any other.
        const { newest, count } = await extent(at, {});
        return `${newest} ${count}`;
      }),

    ids: (type, after, limit) =>
      reading(async ({ record }) => {
        const filter = { type, _id: { $gt: record.id(`${type}/${after}`) } };
        const found = limit === 0 ? [] : await record.find(filter, { fields: ['lines'], sort: { _id: 1 }, limit });
        return found.map(({ _id, lines }) => ({ id: parseKey(record.key(_id)).id, lines: lines !== undefined }));
      }),

    counts: () =>
      reading(async ({ record }) => {
        const rows = await record.aggregate<{ readonly _id: string; readonly count: number }>(alive, [
          { $group: { _id: '$type', count: { $sum: 1 } } },
        ]);
        return Object.fromEntries(rows.map(({ _id, count }) => [_id, count]));
      }),

    ...unitReader(reading),
  };
}

type ReadRecords = <T>(work: (parts: TenantParts) => Promise<T>) => Promise<T>;

function unitReader(reading: ReadRecords): Pick<RecordReader, 'work' | 'due' | 'announcements'> {
  return {
    work: (limit) =>
      reading(async ({ work }) => {
        const filter = { rank: { $exists: true } };
        const found = limit === 0 ? [] : await work.find(filter, { sort: { rank: 1, _id: 1 }, limit });
        return found.map(({ _id, file }) => ({ unit: parseUnit(work.key(_id)), file: present(file, 'the file') }));
      }),

    due: (date, limit) =>
      reading(async ({ due }) => {
        const found = limit === 0 ? [] : await due.find({ day: { $lte: date } }, { sort: { day: 1, _id: 1 }, limit });
        return found.map(({ _id }) => parseUnit(due.key(_id)));
      }),

    announcements: (units) =>
      reading(async ({ announcement }) => {
        const ids = units.map((unit) => announcement.id(unitText(unit)));
        const found = await announcement.find({ _id: { $in: ids }, body: { $exists: true } });
        return new Map(found.map(({ _id, body }) => [announcement.key(_id), present(body, 'the announcement')]));
      }),
  };
}

/** How many documents of records these are, and the number of the newest batch that wrote one. */
async function extent({ record }: TenantParts, filter: Filter) {
  const all = { $group: { _id: null, newest: { $max: '$sequence' }, count: { $sum: 1 } } };
  const [found] = await record.aggregate<{ readonly newest: number; readonly count: number }>(filter, [all]);
  return found ?? { newest: 0, count: 0 };
}

async function eachLineSum({ record }: TenantParts, each: (sum: LineSum) => void): Promise<number> {
  let count = 0;
  for (let after = ''; ; ) {
    const filter = { _id: { $gt: record.id(after) }, lines: { $exists: true } };
    const found = await record.find(filter, { fields: ['lines'], sort: { _id: 1 }, limit: keysPerQuestion });
    for (const { lines } of found) each(lineSumOf(present(lines, 'the lines')));
    count += found.length;
    const last = found.at(-1);
    if (last === undefined) return count;
    after = record.key(last._id);
  }
}

function lineSumOf([bucket = 0, first = 0, second = 0, third = 0, wide = 0]: readonly number[]): LineSum {
  return { bucket, words: [first, second, third], wide };
}

/** The inverse of `keyText`. Ids may hold a slash, types do not. */
function parseKey(text: string): RecordKey {
  const slash = text.indexOf('/');
  const type = recordTypes.find((known) => known === text.slice(0, slash));
  assert(type !== undefined, 'a record is of a known type');
  return { type, id: text.slice(slash + 1) };
}

function toRecord({ record }: TenantParts, document: Documents['record']): SourceRecord {
  const { _id, hash, file, slices, layers } = document;
  const read = {
    ...parseKey(record.key(_id)),
    file: present(file, 'the file'),
    hash: present(hash, 'the hash'),
    slices: JSON.parse(present(slices, 'the slices')) as readonly Slice[],
  };
  return layers === undefined ? read : { ...read, layers: JSON.parse(layers) as RecordLayers };
}
