import type Database from 'better-sqlite3-multiple-ciphers';
import { StoreError } from '../error.ts';

/** Steps of one kind of file, oldest first; step n takes `user_version` from n to n + 1. Steps are never edited. */
export type Migrations = readonly string[];

/**
 * Brings a file to the newest step. Several processes may open it at once: whoever gets the write lock first does the
 * work, the others find it done. Throws `unsupported` for a file of a newer release.
 */
export function migrate(database: Database.Database, migrations: Migrations): void {
  const version = () => database.pragma('user_version', { simple: true }) as number;
  if (version() > migrations.length) throw new StoreError('unsupported', 'the file belongs to a newer release');
  if (version() === migrations.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const step of migrations.slice(version())) database.exec(step);
    database.pragma(`user_version=${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * `data.db`. `version.vid` rises in the order (sequence, type, id): within a type it *is* the order of `_lastUpdated`
 * with its tie-break, so search tables keyed by it need no sort column (store/README.md). It is never given twice.
 */
export const dataMigrations: Migrations = [
  `
  CREATE TABLE batch(sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, ms INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL);
  CREATE INDEX batch_ms ON batch(ms);
  CREATE TABLE fence(name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;

  CREATE TABLE partition(id INTEGER PRIMARY KEY, contract TEXT NOT NULL, type TEXT NOT NULL, UNIQUE(contract, type));
  CREATE TABLE layout(contract TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE resource(rid INTEGER PRIMARY KEY, partition INTEGER NOT NULL, id TEXT NOT NULL,
    current INTEGER NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL, hash TEXT NOT NULL, unit TEXT);
  CREATE UNIQUE INDEX resource_id ON resource(partition, id);
  CREATE INDEX resource_unit ON resource(unit) WHERE unit IS NOT NULL;
  CREATE TABLE version(vid INTEGER PRIMARY KEY, rid INTEGER NOT NULL, version INTEGER NOT NULL,
    sequence INTEGER NOT NULL, change TEXT NOT NULL, body BLOB NOT NULL);
  CREATE UNIQUE INDEX version_of ON version(rid, version);
  CREATE TABLE lineage(vid INTEGER PRIMARY KEY, file TEXT, lineage TEXT NOT NULL);
  CREATE INDEX lineage_file ON lineage(file) WHERE file IS NOT NULL;

  CREATE TABLE record(rid INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL,
    file TEXT NOT NULL, slices TEXT NOT NULL);
  CREATE UNIQUE INDEX record_key ON record(type, id);
  CREATE INDEX record_file ON record(file);
  CREATE TABLE reference(type TEXT, id TEXT, record INTEGER, PRIMARY KEY(type, id, record)) WITHOUT ROWID;
  CREATE INDEX reference_from ON reference(record);
  CREATE TABLE work(kind TEXT, id TEXT, file TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
  CREATE TABLE due(kind TEXT, id TEXT, day TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
  CREATE INDEX due_day ON due(day, kind, id);

  CREATE TABLE file(rowid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, received TEXT NOT NULL,
    document TEXT NOT NULL);
  CREATE INDEX file_sha256 ON file(sha256);
  CREATE TABLE exception(id TEXT PRIMARY KEY, file TEXT NOT NULL, line INTEGER NOT NULL, state TEXT NOT NULL,
    severity TEXT NOT NULL, record TEXT NOT NULL, waits TEXT, unit TEXT, document TEXT NOT NULL);
  CREATE INDEX exception_file ON exception(file, line);
  CREATE INDEX exception_state ON exception(state);
  CREATE INDEX exception_record ON exception(record);
  CREATE INDEX exception_waits ON exception(waits) WHERE waits IS NOT NULL;
  CREATE INDEX exception_unit ON exception(unit) WHERE unit IS NOT NULL;

  CREATE TABLE event(sequence INTEGER, place INTEGER, topic TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY(sequence, place)) WITHOUT ROWID;
  CREATE TABLE audit_outbox(sequence INTEGER, place INTEGER, row TEXT NOT NULL,
    PRIMARY KEY(sequence, place)) WITHOUT ROWID;
  `,
  'ALTER TABLE record ADD COLUMN layers TEXT',
  'CREATE TABLE announcement(unit TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID',
  `CREATE TABLE line_sum(rid INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL,
    c INTEGER NOT NULL, wide INTEGER NOT NULL)`,
  `CREATE TABLE record_state(one INTEGER PRIMARY KEY CHECK(one = 1), batch TEXT NOT NULL);
  INSERT INTO record_state VALUES(1, '')`,
];

/** `delivery.db`: what is kept of the delivery of events. */
export const deliveryMigrations: Migrations = [
  `
  CREATE TABLE fence(name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE event(subscription TEXT, number INTEGER, sequence INTEGER NOT NULL, place INTEGER NOT NULL,
    topic TEXT NOT NULL, focus TEXT NOT NULL, at TEXT NOT NULL, about TEXT NOT NULL,
    PRIMARY KEY(subscription, number)) WITHOUT ROWID;
  CREATE INDEX event_focus ON event(focus) WHERE focus <> '';
  CREATE TABLE attempt(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, subscription TEXT NOT NULL, kind TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, at TEXT NOT NULL, status INTEGER, error TEXT,
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, ms INTEGER NOT NULL);
  CREATE INDEX attempt_of ON attempt(subscription, last, first);
  CREATE TABLE note(kind TEXT, id TEXT, body TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
  CREATE TABLE asked(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  `,
  // Ends in `n`: the newest attempts of a subscription are read off its end.
  'CREATE INDEX attempt_newest ON attempt(subscription);',
  // An event is written once, in a run with those that came with it; a subscription counts a run as one row: its number
  // of the event `n` is `first + n - run`. A row of its own for each event of each of many subscriptions took most of
  // what delivery wrote, and ever longer, the more there were.
  `
  CREATE TABLE happened(n INTEGER PRIMARY KEY, run INTEGER NOT NULL, sequence INTEGER NOT NULL, place INTEGER NOT NULL,
    topic TEXT NOT NULL, focus TEXT NOT NULL, at TEXT NOT NULL, about TEXT NOT NULL);
  CREATE TABLE counted(subscription TEXT, last INTEGER, first INTEGER NOT NULL, low INTEGER NOT NULL,
    run INTEGER NOT NULL, PRIMARY KEY(subscription, last)) WITHOUT ROWID;
  INSERT INTO happened(n, run, sequence, place, topic, focus, at, about)
    SELECT ROW_NUMBER() OVER place, ROW_NUMBER() OVER place, sequence, place, topic, focus, at, about FROM event
    WINDOW place AS (ORDER BY subscription, number);
  INSERT INTO counted(subscription, last, first, low, run)
    SELECT subscription, number, number, number, ROW_NUMBER() OVER (ORDER BY subscription, number) FROM event;
  DROP TABLE event;
  CREATE INDEX happened_focus ON happened(focus) WHERE focus <> '';
  CREATE INDEX counted_run ON counted(run);
  CREATE TABLE subscriber(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
  INSERT INTO subscriber(id) SELECT DISTINCT subscription FROM attempt;
  ALTER TABLE attempt RENAME TO old_attempt;
  DROP INDEX attempt_of;
  DROP INDEX attempt_newest;
  CREATE TABLE attempt(n INTEGER PRIMARY KEY, subscriber INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, at TEXT NOT NULL, status INTEGER, error TEXT,
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, ms INTEGER NOT NULL);
  INSERT INTO attempt(n, subscriber, id, kind, first, last, at, status, error, bytes, sha256, ms)
    SELECT old_attempt.n, subscriber.n, old_attempt.id, kind, first, last, at, status, error, bytes, sha256, ms
    FROM old_attempt JOIN subscriber ON subscriber.id = old_attempt.subscription;
  DROP TABLE old_attempt;
  CREATE INDEX attempt_of ON attempt(subscriber, last, first);
  CREATE INDEX attempt_newest ON attempt(subscriber);
  `,
  // Attempts that were written together are one row (`attempt-runs.ts`).
  `
  CREATE TABLE attempts(n INTEGER PRIMARY KEY, subscriber INTEGER NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, attempts TEXT NOT NULL);
  INSERT INTO attempts(n, subscriber, first, last, attempts)
    SELECT n, subscriber, first, last,
      json_array(json_array(id, kind, first, last, at, status, error, bytes, sha256, ms)) FROM attempt;
  DROP TABLE attempt;
  CREATE INDEX attempts_of ON attempts(subscriber, last, first);
  CREATE INDEX attempts_newest ON attempts(subscriber);
  `,
];

/** `audit.db`, and the audit part of `system.db`. `n` is the order of arrival, which the disclosure index follows. */
export const auditMigrations: Migrations = [
  `
  CREATE TABLE audit(n INTEGER PRIMARY KEY, writer TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL,
    hash TEXT NOT NULL, bytes TEXT NOT NULL);
  CREATE UNIQUE INDEX audit_number ON audit(writer, number);
  CREATE INDEX audit_at ON audit(at, writer, number);
  CREATE TABLE disclosure(resource TEXT, n INTEGER, PRIMARY KEY(resource, n)) WITHOUT ROWID;
  CREATE TABLE disclosure_indexed(one INTEGER PRIMARY KEY CHECK(one = 1), n INTEGER NOT NULL);
  INSERT INTO disclosure_indexed VALUES(1, 0);
  `,
  // Every request waits for its row: what finds rows by time is made behind it (`indexTimes`).
  `
  DROP INDEX audit_at;
  CREATE TABLE audit_time(at TEXT, writer TEXT, number INTEGER, n INTEGER,
    PRIMARY KEY(at, writer, number, n)) WITHOUT ROWID;
  CREATE TABLE audit_timed(one INTEGER PRIMARY KEY CHECK(one = 1), n INTEGER NOT NULL);
  INSERT INTO audit_timed VALUES(1, 0);
  `,
];

export const systemMigrations: Migrations = [
  `
  ${auditMigrations[0]}
  CREATE TABLE tenant(id TEXT PRIMARY KEY, wrapped TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE document(kind TEXT, id TEXT, document TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
  CREATE TABLE counter(one INTEGER PRIMARY KEY CHECK(one = 1), n INTEGER NOT NULL);
  INSERT INTO counter VALUES(1, 0);
  CREATE TABLE lease(name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, owner TEXT, expires TEXT NOT NULL,
    touched INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE oauth(model TEXT, id TEXT, payload TEXT NOT NULL, expires TEXT, grant_id TEXT, uid TEXT, consumed TEXT,
    PRIMARY KEY(model, id)) WITHOUT ROWID;
  CREATE INDEX oauth_uid ON oauth(model, uid) WHERE uid IS NOT NULL;
  CREATE INDEX oauth_grant ON oauth(model, grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX oauth_expires ON oauth(expires) WHERE expires IS NOT NULL;
  `,
  auditMigrations[1] ?? '',
];

/** `stage.db`: clustered by record, so that groups are read in order; `n` keeps equal rows apart. */
export const stageMigrations: Migrations = [
  `
  CREATE TABLE stage(rank INTEGER, id TEXT, start TEXT, line INTEGER, n INTEGER, type TEXT NOT NULL,
    action TEXT NOT NULL, ends TEXT, hash TEXT NOT NULL, fields TEXT NOT NULL, fault TEXT, origin TEXT,
    raw TEXT, PRIMARY KEY(rank, id, start, line, n)) WITHOUT ROWID;
  `,
];
