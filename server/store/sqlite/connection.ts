import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3-multiple-ciphers';
import type { Bound } from './fragment.ts';
import { type Migrations, migrate } from './migrations.ts';

type Value = Bound | Buffer;
type Mode = 'run' | 'raw' | 'pluck';
type Statement = Database.Statement<unknown[], unknown>;

export interface ConnectionOptions {
  readonly path: string;
  /** 32 bytes, used raw. Asked for at every opening; throws where the right to open is gone. */
  readonly key: () => Buffer;
  readonly migrations: Migrations;
  readonly synchronous: 'FULL' | 'NORMAL' | 'OFF';
  readonly journal: 'WAL' | 'OFF';
  readonly cacheKibibytes: number;
  /**
   * So many pages of log are moved into the file by whoever commits, who waits for the disk twice (0.3 s for 64 MiB,
   * measured); left out: 8192 = 64 MiB.
   */
  readonly logPages?: number;
  /** Reads of one turn of the event loop share a snapshot, and the locks that taking one costs. */
  readonly sharesReads?: boolean;
}

/** Writers of other processes are waited for this long. */
const busyTimeoutMs = 30_000;
const statementsMax = 400;

/**
 * One encrypted SQLite file (AEGIS, feasibility.md 3): opened when first used, closed by the handle pool, opened again
 * when used again. Statements are prepared once per SQL text. All calls are synchronous: a row costs less than a
 * promise.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #statements: Readonly<Record<Mode, Map<string, Statement>>> = {
    run: new Map(),
    raw: new Map(),
    pluck: new Map(),
  };
  #database: Database.Database | undefined;
  /** A read transaction is open, until the turn ends or a write comes. */
  #reading = false;
  /** The snapshot was compared with the last one. */
  #compared = false;
  #generation = 0;
  /** `PRAGMA data_version` of the last snapshot that was compared. */
  #dataVersion: number | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Rows as arrays of columns. */
  rows<Row extends readonly unknown[]>(text: string, ...params: readonly Value[]): Row[] {
    return this.#toRead('raw', text).all(...params) as Row[];
  }

  row<Row extends readonly unknown[]>(text: string, ...params: readonly Value[]): Row | undefined {
    return this.#toRead('raw', text).get(...params) as Row | undefined;
  }

  /** The first column of every row. */
  values<T>(text: string, ...params: readonly Value[]): T[] {
    return this.#toRead('pluck', text).all(...params) as T[];
  }

  value<T>(text: string, ...params: readonly Value[]): T | undefined {
    return this.#toRead('pluck', text).get(...params) as T | undefined;
  }

  /** Runs a statement; the number of rows it changed. */
  run(text: string, ...params: readonly Value[]): number {
    this.#endReading();
    this.#generation += 1;
    return this.#prepared('run', text).run(...params).changes;
  }

  /** Inserts a row; its number. */
  insert(text: string, ...params: readonly Value[]): number {
    this.#endReading();
    this.#generation += 1;
    return Number(this.#prepared('run', text).run(...params).lastInsertRowid);
  }

  /** Runs statements without values (schema). */
  exec(text: string): void {
    this.#endReading();
    this.#generation += 1;
    this.#open().exec(text);
  }

  /** `work` in one transaction that holds the write lock from its start: no upgrade can fail half-way. */
  immediate<T>(work: () => T): T {
    this.run('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (error) {
      if (this.#database?.inTransaction === true) this.run('ROLLBACK');
      throw error;
    }
  }

  open(): void {
    this.#open();
  }

  /**
   * A number that changes with every write to the file, by whomever (https://sqlite.org/pragma.html#pragma_data_version
   * tells of those of other connections): what was read under it still holds. Takes the snapshot that the reads of this
   * turn share. Undefined where they share none, and inside a transaction.
   */
  generation(): number | undefined {
    if (this.#reading && this.#compared) return this.#generation;
    if (this.#options.sharesReads !== true) return undefined;
    const version = this.value<number>('PRAGMA data_version');
    if (!this.#reading) return undefined;
    if (version !== this.#dataVersion) this.#generation += 1;
    this.#dataVersion = version;
    this.#compared = true;
    return this.#generation;
  }

  /** Ends the snapshot that the reads of this turn share: the next read sees what was committed by then. */
  refresh(): void {
    this.#endReading();
  }

  close(): void {
    this.#endReading();
    for (const statements of Object.values(this.#statements)) statements.clear();
    this.#database?.close();
    this.#database = undefined;
    this.#dataVersion = undefined;
  }

  /** Taking a snapshot locks and unlocks: more than the look-up of a row, which a turn with many reads pays once. */
  #toRead(mode: Mode, text: string): Statement {
    const statement = this.#prepared(mode, text);
    if (this.#options.sharesReads !== true || this.#reading || this.#database?.inTransaction === true) return statement;
    this.#prepared('run', 'BEGIN').run();
    this.#reading = true;
    this.#compared = false;
    setImmediate(() => this.#endReading());
    return statement;
  }

  #endReading(): void {
    if (!this.#reading) return;
    this.#reading = false;
    this.#prepared('run', 'COMMIT').run();
  }

  #prepared(mode: Mode, text: string): Statement {
    const database = this.#database ?? this.#open();
    const statements = this.#statements[mode];
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare<unknown[], unknown>(text);
    if (mode === 'raw') statement.raw(true);
    if (mode === 'pluck') statement.pluck(true);
    if (statements.size >= statementsMax) statements.clear();
    statements.set(text, statement);
    return statement;
  }

  #open(): Database.Database {
    if (this.#database !== undefined) return this.#database;
    const { path, journal } = this.#options;
    const key = this.#options.key();
    if (journal === 'WAL' && !existsSync(path)) createWhole(path, (name) => openFile(name, key, this.#options).close());
    this.#database = openFile(path, key, this.#options);
    return this.#database;
  }
}

/**
 * The key is used as it is: stretching it like a password takes 40 ms and 19 MiB at every opening (measured), and makes
 * 256 random bits no stronger. Files from before this was so still open.
 */
function openFile(path: string, key: Buffer, options: ConnectionOptions): Database.Database {
  try {
    return openWith(path, Buffer.concat([rawMark, key]), options);
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_NOTADB') throw error;
    return openWith(path, key, options);
  }
}

/** What tells the cipher a key from a password. */
const rawMark = Buffer.from('raw:');

function openWith(path: string, key: Buffer, options: ConnectionOptions): Database.Database {
  const { migrations, synchronous, journal, cacheKibibytes, logPages = 8192 } = options;
  const database = new Database(path, { timeout: busyTimeoutMs });
  try {
    database.pragma("cipher='aegis'");
    database.key(key);
    database.pragma('page_size=8192');
    database.pragma(`journal_mode=${journal}`);
    database.pragma(`synchronous=${synchronous}`);
    database.pragma(`cache_size=-${cacheKibibytes}`);
    database.pragma('temp_store=MEMORY');
    database.pragma(`wal_autocheckpoint=${logPages}`);
    database.pragma('journal_size_limit=67108864');
    migrate(database, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Makes a file under another name and lets it appear whole: processes that make an encrypted WAL file at once see each
 * other's half-written first page ("file is not a database"). The first link wins; the others' files go.
 */
function createWhole(path: string, create: (name: string) => void): void {
  const name = `${path}.${randomBytes(8).toString('hex')}.new`;
  create(name);
  try {
    linkSync(name, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(name);
  }
}
