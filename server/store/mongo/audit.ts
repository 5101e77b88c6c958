import { StoreError } from '../error.ts';
import type { AuditLog, AuditRange, AuditRow } from '../port.ts';
import { pad } from './journal.ts';
import type { Filter, Part } from './part.ts';
import type { Documents } from './schema.ts';

const inOrder = { at: 1, writer: 1, number: 1 } as const;
const reversed = { at: -1, writer: -1, number: -1 } as const;

/**
 * Audit rows are inserted and never touched again; the number of a row is part of its key, so of two processes that use
 * one writer's name one is refused. What a row disclosed is indexed with it: any process may be asked. `disclosures`
 * reads `Type/id/version` texts off a row's bytes.
 */
export function auditLog(
  part: () => Promise<Part<Documents['audit']>>,
  disclosures: (bytes: string) => readonly string[],
): AuditLog {
  const newest = async (writer: string) =>
    (await part()).findOne({ writer }, { sort: { number: -1 }, fields: rowFields });
  return {
    async append(rows) {
      const heads = new Map<string, number>();
      for (const { writer } of rows) {
        if (!heads.has(writer)) heads.set(writer, (await newest(writer))?.number ?? 0);
      }
      for (const { writer, number } of rows) {
        if (number !== (heads.get(writer) ?? 0) + 1) throw outOfOrder();
        heads.set(writer, number);
      }
      const writes = rows.map(({ writer, number, at, bytes, hash }) => ({
        key: `${writer}/${pad(number)}`,
        set: { writer, number, at, bytes, hash, disclosed: resourcesOf(disclosures(bytes)) },
      }));
      if (!(await (await part()).insertInOrder(writes))) throw outOfOrder();
    },

    async head(writer) {
      const row = await newest(writer);
      return row === undefined ? undefined : toRow(row);
    },

    async writers() {
      const rows = await (await part()).aggregate<{ readonly _id: string }>({}, [
        { $group: { _id: '$writer' } },
        { $sort: { _id: 1 } },
      ]);
      return rows.map(({ _id }) => _id);
    },

    async scan(range) {
      if (range.count === 0) return [];
      const sort = range.descending ? reversed : inOrder;
      const reading = { sort, limit: range.count, fields: rowFields };
      return (await (await part()).find(rangeFilter(range), reading)).map(toRow);
    },

    async row(writer, number) {
      const [row] = await (await part()).find({ writer, number }, { fields: rowFields, limit: 1 });
      return row === undefined ? undefined : toRow(row);
    },

    async chain(writer, from, count) {
      if (count === 0) return [];
      const reading = { sort: { number: 1, _id: 1 }, limit: count, fields: rowFields } as const;
      return (await (await part()).find({ writer, number: { $gte: from } }, reading)).map(toRow);
    },

    async disclosing(resource) {
      return (await (await part()).find({ disclosed: resource }, { sort: inOrder, fields: rowFields })).map(toRow);
    },
  };
}

const rowFields = ['writer', 'number', 'at', 'bytes', 'hash'];

function outOfOrder(): StoreError {
  return new StoreError('conflict', "an audit row is not its writer's next");
}

/** `Type/id` of `Type/id/version`, each once. */
function resourcesOf(disclosed: readonly string[]): readonly string[] {
  return [...new Set(disclosed.map((text) => text.slice(0, text.lastIndexOf('/'))))];
}

function rangeFilter({ from, to, descending, after }: AuditRange): Filter {
  const beyond = descending ? '$lt' : '$gt';
  const parts: Filter[] = [];
  if (from !== undefined) parts.push({ at: { $gte: from } });
  if (to !== undefined) parts.push({ at: { $lt: to } });
  if (after !== undefined) {
    const { at, writer, number } = after;
    parts.push({ at: { [descending ? '$lte' : '$gte']: at } });
    const later = { at: { [beyond]: at } };
    parts.push({ $or: [later, { at, writer: { [beyond]: writer } }, { at, writer, number: { [beyond]: number } }] });
  }
  return parts.length === 0 ? {} : { $and: parts };
}

function toRow({ writer, number, at, bytes, hash }: Documents['audit']): AuditRow {
  return { writer, number, at, bytes, hash };
}
