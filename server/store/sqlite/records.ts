import type { LineSum } from '../../record/line-sum.ts';
import type { RecordKey, RecordLayers, RecordType, Slice, SourceRecord } from '../../record/record.ts';
import { type Unit, unitKinds, unitText } from '../../record/unit.ts';
import type { RecordReader, WorkRow } from '../port.ts';
import type { Connection } from './connection.ts';

type RecordRow = [type: RecordType, id: string, hash: string, file: string, slices: string, layers: string | null];

const columns = 'r.type, r.id, r.hash, r.file, r.slices, r.layers';

type LineSumRow = [rid: number, bucket: number, a: number, b: number, c: number, wide: number];

const lineSumsAfter = 'SELECT rid, bucket, a, b, c, wide FROM line_sum WHERE rid > ? ORDER BY rid LIMIT 5000';

/** Lists go in as one JSON value: one prepared statement serves every length. */
const pairs = "FROM json_each(?) j CROSS JOIN record r ON r.type = j.value ->> 'type' AND r.id = j.value ->> 'id'";

export function recordReader(data: Connection): RecordReader {
  return {
    async get(keys) {
      const text = `SELECT ${columns} ${pairs}`;
      return data.rows<RecordRow>(text, keysJson(keys)).map(toRecord);
    },

    async hashes(keys) {
      const rows = data.rows<[string, string, string]>(`SELECT r.type, r.id, r.hash ${pairs}`, keysJson(keys));
      return new Map(rows.map(([type, id, hash]) => [`${type}/${id}`, hash]));
    },

    async referring(to) {
      const rows = data.rows<[RecordType, string]>(
        `SELECT DISTINCT r.type, r.id FROM json_each(?) j
          CROSS JOIN reference f ON f.type = j.value ->> 'type' AND f.id = j.value ->> 'id'
          CROSS JOIN record r ON r.rid = f.record ORDER BY r.type, r.id`,
        keysJson(to),
      );
      return rows.map(([type, id]) => ({ type, id }));
    },

    async byFile(file) {
      const text = `SELECT ${columns} FROM record r WHERE file = ? ORDER BY type, id`;
      return data.rows<RecordRow>(text, file).map(toRecord);
    },

    async lineSums(each) {
      return eachLineSum(data, each);
    },

    async ids(type, after, limit) {
      const text = `SELECT r.id, l.rid IS NOT NULL FROM record r LEFT JOIN line_sum l ON l.rid = r.rid
        WHERE r.type = ? AND r.id > ? ORDER BY r.id LIMIT ?`;
      return data.rows<[string, number]>(text, type, after, limit).map(([id, lines]) => ({ id, lines: lines === 1 }));
    },

    async counts() {
      return Object.fromEntries(data.rows<[string, number]>('SELECT type, COUNT(*) FROM record GROUP BY type'));
    },

    async work(limit) {
      const rows: WorkRow[] = [];
      for (const kind of unitKinds) {
        if (rows.length >= limit) break;
        const text = 'SELECT id, file FROM work WHERE kind = ? ORDER BY id LIMIT ?';
        const found = data.rows<[string, string]>(text, kind, limit - rows.length);
        rows.push(...found.map(([id, file]) => ({ unit: { kind, id }, file })));
      }
      return rows;
    },

    async due(date, limit) {
      const text = 'SELECT kind, id FROM due WHERE day <= ? ORDER BY day, kind, id LIMIT ?';
      return data.rows<[Unit['kind'], string]>(text, date, limit).map(([kind, id]) => ({ kind, id }));
    },

    async announcements(units) {
      const text = 'SELECT unit, body FROM announcement WHERE unit IN (SELECT value FROM json_each(?))';
      return new Map(data.rows<[string, string]>(text, JSON.stringify(units.map(unitText))));
    },
  };
}

/** In pages: a whole table of rows would not fit into the memory that an ingest may take. */
function eachLineSum(data: Connection, each: (sum: LineSum) => void): number {
  let count = 0;
  let after = 0;
  for (;;) {
    const rows = data.rows<LineSumRow>(lineSumsAfter, after);
    for (const [, bucket, a, b, c, wide] of rows) each({ bucket, words: [a, b, c], wide });
    count += rows.length;
    const last = rows.at(-1);
    if (last === undefined) return count;
    after = last[0];
  }
}

/** Of each key once. */
function keysJson(keys: readonly { readonly type: string; readonly id: string }[]): string {
  const distinct = new Map(keys.map(({ type, id }) => [`${type}/${id}`, { type, id }]));
  return JSON.stringify([...distinct.values()]);
}

function toRecord([type, id, hash, file, slices, layers]: RecordRow): SourceRecord & RecordKey {
  const record = { type, id, file, hash, slices: JSON.parse(slices) as readonly Slice[] };
  return layers === null ? record : { ...record, layers: JSON.parse(layers) as RecordLayers };
}
