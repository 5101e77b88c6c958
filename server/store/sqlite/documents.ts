import type { DocumentStore } from '../port.ts';
import type { Connection } from './connection.ts';

/** Registry documents. The counter is a row, so that it tells of other processes' writes too. */
export function documentStore(system: Connection): DocumentStore {
  const changing = (write: () => number): boolean =>
    system.immediate(() => {
      const changed = write() > 0;
      if (changed) system.run('UPDATE counter SET n = n + 1');
      return changed;
    });
  return {
    async get(kind, id) {
      return system.value<string>('SELECT document FROM document WHERE kind = ? AND id = ?', kind, id);
    },
    async list(kind) {
      const rows = system.rows<[string, string]>('SELECT id, document FROM document WHERE kind = ? ORDER BY id', kind);
      return rows.map(([id, document]) => ({ id, document }));
    },
    async put(kind, id, document) {
      const insert = 'INSERT OR REPLACE INTO document(kind, id, document) VALUES(?, ?, ?)';
      changing(() => system.run(insert, kind, id, document));
    },
    async insert(kind, id, document) {
      const insert = 'INSERT OR IGNORE INTO document(kind, id, document) VALUES(?, ?, ?)';
      return changing(() => system.run(insert, kind, id, document));
    },
    async remove(kind, id) {
      changing(() => system.run('DELETE FROM document WHERE kind = ? AND id = ?', kind, id));
    },
    async counter() {
      return system.value<number>('SELECT n FROM counter') ?? 0;
    },
  };
}
