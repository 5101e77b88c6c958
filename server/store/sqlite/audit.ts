import { setImmediate } from 'node:timers/promises';
import { present } from '../../core/assert.ts';
import { StoreError } from '../error.ts';
import type { AuditLog, AuditRange, AuditRow } from '../port.ts';
import type { Connection } from './connection.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';
import { insertRows } from './insert-rows.ts';

type Row = [writer: string, number: number, at: string, bytes: string, hash: string];

const columns = 'writer, number, at, bytes, hash';
const rowColumns = 'a.writer, a.number, a.at, a.bytes, a.hash';

/** Rows that are indexed per transaction: an append waits no longer than that. */
const indexedPerStep = 500;

/** From one writer to the next by the index: DISTINCT would walk every row, and a checkpoint asks often. */
const writersByIndex = `
  WITH RECURSIVE each(writer) AS (
    SELECT MIN(writer) FROM audit
    UNION ALL
    SELECT (SELECT MIN(writer) FROM audit WHERE writer > each.writer) FROM each WHERE each.writer IS NOT NULL
  ) SELECT writer FROM each WHERE writer IS NOT NULL`;

/**
 * The audit chain of one file. Appending writes rows and nothing else, because every request waits for it; their times
 * are indexed behind it, who saw a resource when somebody asks. `disclosures` reads `Type/id/version` texts off a row's
 * bytes. `append`: who appends in the place of this thread.
 */
export function auditLog(
  file: Connection,
  disclosures: (bytes: string) => readonly string[],
  append: AuditLog['append'] = async (rows) => appendRows(file, rows),
): AuditLog {
  return {
    append,

    async head(writer) {
      return first(file, sql`WHERE writer = ${writer} ORDER BY number DESC LIMIT 1`);
    },

    async writers() {
      return file.values<string>(writersByIndex);
    },

    async scan(range) {
      while (indexTimes(file)) await setImmediate();
      const { text, params } = rangeClause(range);
      const found = `SELECT ${rowColumns} FROM audit_time t CROSS JOIN audit a ON a.n = t.n ${text}`;
      return file.rows<Row>(found, ...params).map(toRow);
    },

    async row(writer, number) {
      return first(file, sql`WHERE writer = ${writer} AND number = ${number}`);
    },

    async chain(writer, from, count) {
      return all(file, sql`WHERE writer = ${writer} AND number >= ${from} ORDER BY number, n LIMIT ${count}`);
    },

    async disclosing(resource) {
      while (file.immediate(() => indexSome(file, disclosures))) await setImmediate();
      return all(
        file,
        sql`WHERE n IN (SELECT n FROM disclosure WHERE resource = ${resource}) ORDER BY at, writer, number`,
      );
    },
  };
}

/** One transaction. Throws `conflict` where a number is not its writer's next. */
export function appendRows(file: Connection, rows: readonly AuditRow[]): void {
  file.immediate(() => {
    assertNext(file, rows);
    const values = rows.flatMap(({ writer, number, at, bytes, hash }) => [writer, number, at, bytes, hash]);
    insertRows(file, `INSERT INTO audit(${columns})`, 5, values);
  });
}

function assertNext(file: Connection, rows: readonly AuditRow[]): void {
  const next = new Map<string, number>();
  for (const { writer, number } of rows) {
    if (number !== (next.get(writer) ?? nextNumber(file, writer))) {
      throw new StoreError('conflict', "an audit row is not its writer's next");
    }
    next.set(writer, number + 1);
  }
}

function nextNumber(file: Connection, writer: string): number {
  return (file.value<number>('SELECT MAX(number) FROM audit WHERE writer = ?', writer) ?? 0) + 1;
}

/** Indexes the times of the oldest rows that lack it; false when none do. */
export function indexTimes(file: Connection): boolean {
  const newest = file.value<number | null>('SELECT MAX(n) FROM audit') ?? 0;
  if (newest <= timed(file)) return false;
  return file.immediate(() => {
    const from = timed(file);
    const to = Math.min(from + indexedPerStep, newest);
    file.run('INSERT INTO audit_time SELECT at, writer, number, n FROM audit WHERE n > ? AND n <= ?', from, to);
    if (to > from) file.run('UPDATE audit_timed SET n = ?', to);
    return to < newest;
  });
}

/** The newest row whose time is indexed. */
function timed(file: Connection): number {
  return present(file.value<number>('SELECT n FROM audit_timed'), 'the mark of the index');
}

/** Indexes the disclosures of the oldest rows that lack it; false when none do. */
function indexSome(file: Connection, disclosures: (bytes: string) => readonly string[]): boolean {
  const rows = file.rows<[n: number, bytes: string]>(
    `SELECT n, bytes FROM audit WHERE n > (SELECT n FROM disclosure_indexed) ORDER BY n LIMIT ${indexedPerStep}`,
  );
  for (const [n, bytes] of rows) {
    const resources = new Set(disclosures(bytes).map((text) => text.slice(0, text.lastIndexOf('/'))));
    for (const resource of resources) file.run('INSERT OR IGNORE INTO disclosure VALUES(?, ?)', resource, n);
  }
  const last = rows.at(-1);
  if (last !== undefined) file.run('UPDATE disclosure_indexed SET n = ?', last[0]);
  return rows.length === indexedPerStep;
}

function rangeClause({ from, to, descending, after, count }: AuditRange): Fragment {
  const parts: Fragment[] = [raw('1')];
  const beyond = raw(descending ? '<' : '>');
  const direction = raw(descending ? 'DESC' : 'ASC');
  if (from !== undefined) parts.push(sql`t.at >= ${from}`);
  if (to !== undefined) parts.push(sql`t.at < ${to}`);
  if (after !== undefined) {
    parts.push(sql`(t.at, t.writer, t.number) ${beyond} (${after.at}, ${after.writer}, ${after.number})`);
  }
  const order = sql`ORDER BY t.at ${direction}, t.writer ${direction}, t.number ${direction}`;
  return sql`WHERE ${join(parts, ' AND ')} ${order} LIMIT ${count}`;
}

function all(file: Connection, clause: Fragment): readonly AuditRow[] {
  return file.rows<Row>(`SELECT ${columns} FROM audit ${clause.text}`, ...clause.params).map(toRow);
}

function first(file: Connection, clause: Fragment): AuditRow | undefined {
  const row = file.row<Row>(`SELECT ${columns} FROM audit ${clause.text}`, ...clause.params);
  return row === undefined ? undefined : toRow(row);
}

function toRow([writer, number, at, bytes, hash]: Row): AuditRow {
  return { writer, number, at, bytes, hash };
}
