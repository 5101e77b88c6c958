import type { IndexSchema } from '../../search/query.ts';
import type { Connection } from './connection.ts';
import type { Layouts } from './predicate.ts';
import { layoutHash, layoutsOf } from './schema.ts';

/** The contract versions that have search tables in one tenant's file, and numbers of their (contract, type) pairs. */
export interface Contracts {
  /** Layouts of a contract that has its tables; undefined where nothing was ever written for it. */
  existing(contract: string): Layouts | undefined;
  /** Makes the tables where they are missing or older. Inside a transaction. */
  ensure(contract: string): Layouts;
  /** The number of (contract, type); undefined where nothing was written for it yet. */
  partition(contract: string, type: string): number | undefined;
  /** The same, made where missing. Inside a transaction. */
  ensurePartition(contract: string, type: string): number;
  /** Forgets what a rolled-back transaction may have made. */
  forget(): void;
}

export function contracts(data: Connection, schema: IndexSchema): Contracts {
  const known = new Map<string, Layouts>();
  const partitions = new Map<string, number>();

  const stored = (contract: string) => data.value<string>('SELECT hash FROM layout WHERE contract = ?', contract);

  const ensure = (contract: string): Layouts => {
    const already = known.get(contract);
    if (already !== undefined) return already;
    const layouts = layoutsOf(contract, schema);
    const hash = layoutHash(layouts);
    if (stored(contract) !== hash) {
      for (const layout of layouts.values()) {
        addColumns(data, layout.wide, layout.columns);
        for (const statement of layout.ddl) data.exec(statement);
      }
      data.run('INSERT OR REPLACE INTO layout(contract, hash) VALUES(?, ?)', contract, hash);
    }
    known.set(contract, layouts);
    return layouts;
  };

  const partition = (contract: string, type: string): number | undefined => {
    const key = `${contract}/${type}`;
    const already = partitions.get(key);
    if (already !== undefined) return already;
    const id = data.value<number>('SELECT id FROM partition WHERE contract = ? AND type = ?', contract, type);
    if (id !== undefined) partitions.set(key, id);
    return id;
  };

  return {
    ensure,
    partition,
    existing(contract) {
      const already = known.get(contract);
      if (already !== undefined) return already;
      return stored(contract) === undefined ? undefined : data.immediate(() => ensure(contract));
    },
    ensurePartition(contract, type) {
      const already = partition(contract, type);
      if (already !== undefined) return already;
      data.run('INSERT INTO partition(contract, type) VALUES(?, ?)', contract, type);
      return partition(contract, type) ?? 0;
    },
    forget() {
      known.clear();
      partitions.clear();
    },
  };
}

/** A release that indexes more elements finds the older table: its columns are added, a reindex job fills them. */
function addColumns(data: Connection, wide: string, columns: readonly string[]): void {
  const present = new Set(data.values<string>('SELECT name FROM pragma_table_info(?)', wide.slice(1, -1)));
  if (present.size === 0) return;
  for (const column of columns) {
    if (!present.has(column.slice(1, -1))) data.exec(`ALTER TABLE ${wide} ADD COLUMN ${column}`);
  }
}
