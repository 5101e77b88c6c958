import { randomBytes } from 'node:crypto';
import { keyText, type RecordKey } from '../../record/record.ts';
import type { GroupKey, Stage, StagedGroup, StagedRow } from '../port.ts';
import { pad } from './journal.ts';
import type { Part } from './part.ts';
import type { Documents } from './schema.ts';

/** The staging area of one file. What an earlier file or process left is removed: there is one per tenant at a time. */
export async function openStage(part: Part<Documents['stage']>): Promise<Stage> {
  await part.remove({});
  const stage = randomBytes(8).toString('hex');
  const order = { group: 1, start: 1, line: 1, number: 1 } as const;
  let n = 0;
  /** Ranks that a record type was staged under. */
  const ranks = new Map<string, Set<number>>();

  const writeOf = (row: StagedRow) => {
    const { rank, key, action, line, start } = row;
    n += 1;
    ranks.set(key.type, (ranks.get(key.type) ?? new Set()).add(rank));
    const set = {
      ...{ stage, group: groupText({ rank, id: key.id }), start: start ?? '', line, number: n },
      ...{ type: key.type, action, row: JSON.stringify(row) },
    };
    return { key: `${stage}/${pad(n)}`, set };
  };

  /** The rows that begin after a group; the last group is read whole. */
  const rowsAfter = async (after: GroupKey | null, limit: number): Promise<readonly Documents['stage'][]> => {
    const filter = { stage, ...(after === null ? {} : { group: { $gt: groupText(after) } }) };
    const rows = await part.find(filter, { sort: order, limit });
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return rows;
    const whole = await part.find({ stage, group: last.group }, { sort: order });
    return [...rows.filter((row) => row.group !== last.group), ...whole];
  };

  return {
    async put(rows) {
      await part.insertMissing(rows.map(writeOf));
    },

    async groups(after, rowsMax) {
      return grouped(await rowsAfter(after, Math.max(rowsMax, 1)));
    },

    find: (keys) => findRecords(part, { stage, ranks }, keys),

    ids: (type, after, limit) => idsAfter(part, { stage, ranks }, type, after, limit),

    rows: (through) => part.count({ stage, ...(through === undefined ? {} : { group: { $lte: groupText(through) } }) }),

    async drop() {
      await part.remove({ stage });
    },
  };
}

interface Staged {
  readonly stage: string;
  readonly ranks: ReadonlyMap<string, ReadonlySet<number>>;
}

/** Which records have rows, and whether every row of theirs is a plain upsert. */
async function findRecords(
  part: Part<Documents['stage']>,
  { stage, ranks }: Staged,
  keys: readonly RecordKey[],
): ReturnType<Stage['find']> {
  const groups = keys.flatMap(({ type, id }) => [...(ranks.get(type) ?? [])].map((rank) => groupText({ rank, id })));
  const asked = new Set(keys.map(keyText));
  const found = new Map<string, { good: boolean; deleted: boolean }>();
  if (groups.length === 0) return found;
  const rows = await part.aggregate<{ readonly _id: Pick<Documents['stage'], 'group' | 'type' | 'action'> }>(
    { stage, group: { $in: groups } },
    [{ $group: { _id: { group: '$group', type: '$type', action: '$action' } } }],
  );
  for (const { group, type, action } of rows.map(({ _id }) => _id)) {
    const key = `${type}/${idOf(group)}`;
    if (!asked.has(key)) continue;
    const before = found.get(key) ?? { good: true, deleted: false };
    found.set(key, { good: before.good && action === 'upsert', deleted: before.deleted || action === 'delete' });
  }
  return found;
}

async function idsAfter(
  part: Part<Documents['stage']>,
  { stage, ranks }: Staged,
  type: RecordKey['type'],
  after: string,
  limit: number,
): Promise<readonly string[]> {
  const groups = [...(ranks.get(type) ?? [])].map((rank) => ({
    group: { $gt: groupText({ rank, id: after }), $lt: `${pad(rank)}0` },
  }));
  if (groups.length === 0 || limit === 0) return [];
  const rows = await part.aggregate<{ readonly _id: string }>({ stage, type, $or: groups }, [
    { $group: { _id: '$group' } },
    { $sort: { _id: 1 } },
    { $limit: limit * groups.length },
  ]);
  const found = [...new Set(rows.map(({ _id }) => idOf(_id)))];
  return groups.length === 1 ? found : found.sort().slice(0, limit);
}

function idOf(group: string): string {
  return group.slice(group.indexOf('/') + 1);
}

function groupText({ rank, id }: GroupKey): string {
  return `${pad(rank)}/${id}`;
}

function grouped(rows: readonly Documents['stage'][]): readonly StagedGroup[] {
  const groups: { readonly group: string; readonly rows: StagedRow[] }[] = [];
  for (const { group, row } of rows) {
    const staged = JSON.parse(row) as StagedRow;
    const last = groups.at(-1);
    if (last?.group === group) last.rows.push(staged);
    else groups.push({ group, rows: [staged] });
  }
  return groups.flatMap(({ rows: [first, ...more] }) =>
    first === undefined ? [] : [{ key: first.key, rank: first.rank, rows: [first, ...more] }],
  );
}
