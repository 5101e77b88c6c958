import { keyText } from '../../record/record.ts';
import { unitText } from '../../record/unit.ts';
import type { Lineage } from '../lineage.ts';
import type { ExceptionFilter, ExceptionRow, FileRow, LedgerReader, ResourceKey, StoredVersion } from '../port.ts';
import type { Connection } from './connection.ts';
import { type Fragment, join, raw, sql } from './fragment.ts';

export function ledgerReader(data: Connection): LedgerReader {
  const parsed = <T>(text: string | undefined): T | undefined =>
    text === undefined ? undefined : (JSON.parse(text) as T);
  return {
    async file(id) {
      return parsed<FileRow>(data.value('SELECT document FROM file WHERE id = ?', id));
    },

    async files() {
      const rows = data.values<string>('SELECT document FROM file ORDER BY received DESC, rowid DESC');
      return rows.map((row) => JSON.parse(row) as FileRow);
    },

    async filesBySha256(sha256) {
      const text = 'SELECT document FROM file WHERE sha256 = ? ORDER BY received DESC, rowid DESC';
      return data.values<string>(text, sha256).map((row) => JSON.parse(row) as FileRow);
    },

    async exception(id) {
      return parsed<ExceptionRow>(data.value('SELECT document FROM exception WHERE id = ?', id));
    },

    async exceptions(filter) {
      const where = exceptionWhere(filter);
      const query = sql`SELECT document FROM exception WHERE ${where} ORDER BY file, line, id`;
      return data.values<string>(query.text, ...query.params).map((row) => JSON.parse(row) as ExceptionRow);
    },

    async lineage(key, version) {
      return parsed<Lineage>(data.value(lineageOf, key.contract, key.type, key.id, version));
    },

    async versionsOf(file) {
      return data.rows<VersionRow>(versionsByFile, file).map(toVersion);
    },
  };
}

const lineageOf = `SELECT l.lineage FROM partition p JOIN resource r ON r.partition = p.id
  JOIN version v ON v.rid = r.rid JOIN lineage l ON l.vid = v.vid
  WHERE p.contract = ? AND p.type = ? AND r.id = ? AND v.version = ?`;

type VersionRow = [contract: string, type: string, id: string, version: number, number, string, change: string];

const versionsByFile = `SELECT p.contract, p.type, r.id, v.version, v.sequence, b.at, v.change
  FROM lineage l CROSS JOIN version v ON v.vid = l.vid JOIN resource r ON r.rid = v.rid
  JOIN partition p ON p.id = r.partition JOIN batch b ON b.sequence = v.sequence
  WHERE l.file = ? ORDER BY l.vid`;

function toVersion([contract, type, id, version, sequence, at, change]: VersionRow): ResourceKey &
  Omit<StoredVersion, 'body'> {
  return { contract, type, id, version, sequence, at, change: change as StoredVersion['change'] };
}

/** What is given must all hold; a list holds where one of it does. */
function exceptionWhere(filter: ExceptionFilter): Fragment {
  const parts: Fragment[] = [raw('1')];
  if (filter.file !== undefined) parts.push(sql`file = ${filter.file}`);
  if (filter.state !== undefined) parts.push(sql`state = ${filter.state}`);
  if (filter.severity !== undefined) parts.push(sql`severity = ${filter.severity}`);
  if (filter.records !== undefined) parts.push(sql`record IN (${list(filter.records.map(keyText))})`);
  if (filter.waitingFor !== undefined) parts.push(sql`waits IN (${list(filter.waitingFor.map(keyText))})`);
  if (filter.units !== undefined) parts.push(sql`unit IN (${list(filter.units.map(unitText))})`);
  return join(parts, ' AND ');
}

function list(values: readonly string[]): Fragment {
  return sql`SELECT value FROM json_each(${JSON.stringify(values)})`;
}
