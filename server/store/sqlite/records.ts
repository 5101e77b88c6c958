import type { LineSum } from '../../record/line-sum.ts';
import type { RecordKey, RecordLayers, RecordType, Slice, SourceRecord } from '../../record/record.ts';
import { type Unit, unitKinds, unitText } from '../../record/unit.ts';
import type { RecordReader, WorkRow } from '../port.ts';
import type { Connection } from './connection.ts';

type RecordRow = [type: RecordType, id: string, hash: string, file: string, slices: string, layers: string | null];

const columns = 'r.type, r.id, r.hash, r.file, r.slices, r.layers';

type LineSumRow = [rid: number, bucket: number, a: number, b: number, c: number, wide: number];

const lineSumsAfter = 'SELECT rid, bucket, a, b, c, wide FROM line_sum WHERE rid > ? ORDER BY rid LIMIT 5000';

/**
 * Lists go in as one JSON value: one prepared statement serves every length. A list of ids per type: taking objects
 * apart costs as much as finding the record.
 */
const ofType = 'FROM json_each(?) j CROSS JOIN record r ON r.type = ? AND r.id = j.value';

const ofFile = `SELECT ${columns} FROM record r WHERE file = ? ORDER BY type, id`;

export function recordReader(data: Connection): RecordReader {
  return {
    async get(keys) {
      const text = `SELECT ${columns} ${ofType}`;
      return idsByType(keys).flatMap(([type, ids]) => data.rows<RecordRow>(text, ids, type).map(toRecord));
    },

    async hashes(keys) {
      const found = new Map<string, string>();
      for (const [type, ids] of idsByType(keys)) {
        const rows = data.rows<[string, string]>(`SELECT r.id, r.hash ${ofType}`, ids, type);
        for (const [id, hash] of rows) found.set(`${type}/${id}`, hash);
      }
      return found;
    },

    async referring(to) {
      const text = `SELECT r.rid, r.type, r.id FROM json_each(?) j
        CROSS JOIN reference f ON f.type = ? AND f.id = j.value CROSS JOIN record r ON r.rid = f.record`;
      const found = new Map<number, RecordKey>();
      for (const [type, ids] of idsByType(to)) {
        const rows = data.rows<[number, RecordType, string]>(text, ids, type);
        for (const [rid, itsType, id] of rows) found.set(rid, { type: itsType, id });
      }
      return [...found.values()].sort(byKey);
    },

    async byFile(file) {
      return data.rows<RecordRow>(ofFile, file).map(toRecord);
    },

    lineSums: async (each) => eachLineSum(data, each),

    summed: async () => data.value<number>('SELECT COUNT(*) FROM line_sum') ?? 0,

    state: async () => data.value<string>('SELECT batch FROM record_state') ?? '',

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

/** Each id once, as JSON, by type. */
function idsByType(keys: readonly { readonly type: string; readonly id: string }[]): readonly [string, string][] {
  const byType = new Map<string, Set<string>>();
  for (const { type, id } of keys) {
    const ids = byType.get(type);
    if (ids === undefined) byType.set(type, new Set([id]));
    else ids.add(id);
  }
  return [...byType].map(([type, ids]) => [type, JSON.stringify([...ids])]);
}

function byKey(a: RecordKey, b: RecordKey): number {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function toRecord([type, id, hash, file, slices, layers]: RecordRow): SourceRecord & RecordKey {
  const record = { type, id, file, hash, slices: JSON.parse(slices) as readonly Slice[] };
  return layers === null ? record : { ...record, layers: JSON.parse(layers) as RecordLayers };
}
