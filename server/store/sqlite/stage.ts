import type { RecordKey, RecordType } from '../../record/record.ts';
import type { GroupKey, Stage, StagedGroup, StagedRow } from '../port.ts';
import type { Connection } from './connection.ts';

type Row = [
  rank: number,
  id: string,
  start: string,
  line: number,
  type: RecordType,
  action: StagedRow['action'],
  end: string | null,
  hash: string,
  fields: string,
  fault: string | null,
  from: string | null,
  raw: string | null,
];

const select = 'SELECT rank, id, start, line, type, action, ends, hash, fields, fault, origin, raw FROM stage';
const order = 'ORDER BY rank, id, start, line, n';

/** The staging area in a file of its own, clustered by record. `stage` is open and empty; `drop` deletes the file. */
export function stageOf(stage: Connection, drop: () => void): Stage {
  let n = 0;
  const ranks = new Map<string, Set<number>>();

  const put = ({ rank, key, action, line, start, end, hash, fields, fault, from, raw }: StagedRow) => {
    n += 1;
    const known = ranks.get(key.type) ?? new Set();
    ranks.set(key.type, known.add(rank));
    const insert = 'INSERT INTO stage VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
    stage.run(
      insert,
      rank,
      key.id,
      start ?? '',
      line,
      n,
      key.type,
      action,
      end,
      hash,
      fields,
      fault,
      from,
      raw ?? null,
    );
  };

  /** The rows that begin after a group; the last group is read whole. */
  const rowsAfter = (after: GroupKey | null, rowsMax: number): readonly StagedRow[] => {
    const text = `${select} WHERE (rank, id) > (?, ?) ${order} LIMIT ?`;
    const rows = stage.rows<Row>(text, after?.rank ?? -1, after?.id ?? '', rowsMax).map(toRow);
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsMax) return rows;
    const whole = stage.rows<Row>(`${select} WHERE rank = ? AND id = ? ${order}`, last.rank, last.key.id).map(toRow);
    return [...rows.filter((row) => row.rank !== last.rank || row.key.id !== last.key.id), ...whole];
  };

  return {
    async put(rows) {
      stage.immediate(() => {
        for (const row of rows) put(row);
      });
    },

    async groups(after, rowsMax) {
      return grouped(rowsAfter(after, Math.max(rowsMax, 1)));
    },

    async find(keys) {
      return findStaged(stage, ranks, keys);
    },

    async ids(type, after, limit) {
      return idsAfter(stage, ranks.get(type) ?? new Set(), { type, id: after }, limit);
    },

    async rows(through) {
      if (through === undefined) return stage.value<number>('SELECT COUNT(*) FROM stage') ?? 0;
      const text = 'SELECT COUNT(*) FROM stage WHERE (rank, id) <= (?, ?)';
      return stage.value<number>(text, through.rank, through.id) ?? 0;
    },

    async drop() {
      drop();
    },
  };
}

function findStaged(
  stage: Connection,
  ranks: ReadonlyMap<string, ReadonlySet<number>>,
  keys: readonly RecordKey[],
): ReadonlyMap<string, { readonly good: boolean; readonly deleted: boolean }> {
  const found = new Map<string, { good: boolean; deleted: boolean }>();
  for (const { type, id } of keys) {
    for (const rank of ranks.get(type) ?? []) {
      const text = 'SELECT DISTINCT action FROM stage WHERE rank = ? AND id = ? AND type = ?';
      const actions = stage.values<StagedRow['action']>(text, rank, id, type);
      if (actions.length === 0) continue;
      const good = actions.every((action) => action === 'upsert');
      found.set(`${type}/${id}`, { good, deleted: actions.includes('delete') });
    }
  }
  return found;
}

function idsAfter(
  stage: Connection,
  ranks: ReadonlySet<number>,
  { type, id }: RecordKey,
  limit: number,
): readonly string[] {
  const text = 'SELECT DISTINCT id FROM stage WHERE rank = ? AND id > ? AND type = ? ORDER BY id LIMIT ?';
  const found = [...ranks].flatMap((rank) => stage.values<string>(text, rank, id, type, limit));
  return ranks.size === 1 ? found : [...new Set(found)].sort().slice(0, limit);
}

function toRow([rank, id, start, line, type, action, end, hash, fields, fault, from, raw]: Row): StagedRow {
  const dated = start === '' ? null : start;
  const row = { rank, key: { type, id }, action, line, start: dated, end, hash, fields, fault, from };
  return raw === null ? row : { ...row, raw };
}

function grouped(rows: readonly StagedRow[]): readonly StagedGroup[] {
  const groups: { key: StagedGroup['key']; rank: number; rows: StagedRow[] }[] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last !== undefined && last.rank === row.rank && last.key.id === row.key.id) last.rows.push(row);
    else groups.push({ key: row.key, rank: row.rank, rows: [row] });
  }
  return groups;
}
