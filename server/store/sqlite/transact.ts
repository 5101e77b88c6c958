import { assert } from '../../core/assert.ts';
import { StoreError } from '../error.ts';
import type { Batch, Lease } from '../port.ts';
import type { BatchRow, VersionRow } from './batch-rows.ts';
import type { Connection } from './connection.ts';
import type { Contracts } from './contracts.ts';
import {
  addWork,
  deleteRecord,
  finishWork,
  type Place,
  RecordRows,
  writeAnnouncement,
  writeAudit,
  writeDue,
  writeEvent,
  writeException,
  writeFile,
  writeLines,
  writeRecord,
} from './record-write.ts';
import { inVersionOrder, writeResources } from './resource-write.ts';

/** What a batch needs besides its ops. `held` tells whether the system's lease row still has this epoch. */
export interface Writer {
  readonly tenant: string;
  readonly data: Connection;
  readonly contracts: Contracts;
  readonly held: (lease: Lease) => boolean;
}

const emptyHead: Batch = { sequence: 0, at: new Date(0).toISOString() };

export function headOf(data: Connection): Batch {
  const last = lastBatch(data);
  return last === undefined ? emptyHead : { sequence: last.sequence, at: last.at };
}

interface LastBatch extends Batch {
  readonly last: number;
}

function lastBatch(data: Connection): LastBatch | undefined {
  const row = data.row<[number, string, number]>('SELECT sequence, at, last FROM batch ORDER BY sequence DESC LIMIT 1');
  return row === undefined ? undefined : { sequence: row[0], at: row[1], last: row[2] };
}

/** One batch in one transaction: architecture.md, invariant 3; the promises are those of `TenantStore.transact`. */
export function transact(writer: Writer, rows: readonly BatchRow[], at: string, lease: Lease | undefined): Batch {
  const { data, contracts, held } = writer;
  const ms = Date.parse(at);
  assert(!Number.isNaN(ms) && new Date(ms).toISOString() === at, 'a batch time is ISO 8601 UTC with milliseconds');
  try {
    return data.immediate(() => {
      if (lease !== undefined) fence(data, lease, held);
      const last = lastBatch(data);
      if (last !== undefined && ms < Date.parse(last.at)) {
        throw new StoreError('conflict', 'the batch is older than the last one');
      }
      const sequence = (last?.sequence ?? 0) + 1;
      const first = (last?.last ?? 0) + 1;
      const versions = inVersionOrder(rows.filter((row) => row.op === 'version'));
      writeResources(data, contracts, versions, first, sequence);
      const gathered = new RecordRows(data);
      for (const [place, row] of rows.entries()) {
        if (row.op !== 'version') writeRow(data, row, { sequence, place, gathered });
      }
      gathered.write();
      if (rows.some(({ op }) => recordOps.has(op))) data.run('UPDATE record_state SET batch = ?', `${sequence} ${at}`);
      data.run(
        'INSERT INTO batch(sequence, at, ms, first, last) VALUES(?, ?, ?, ?, ?)',
        sequence,
        at,
        ms,
        first,
        first + versions.length - 1,
      );
      return { sequence, at };
    });
  } catch (error) {
    contracts.forget();
    throw error;
  }
}

const recordOps: ReadonlySet<BatchRow['op']> = new Set(['record', 'record-delete', 'lines']);

type Row = Exclude<BatchRow, VersionRow>;
type Write<Name extends Row['op']> = (data: Connection, op: Extract<Row, { readonly op: Name }>, place: Place) => void;

const rowWrites: { readonly [Name in Row['op']]: Write<Name> } = {
  record: writeRecord,
  'record-delete': deleteRecord,
  lines: writeLines,
  due: writeDue,
  announcement: writeAnnouncement,
  'work-add': addWork,
  'work-done': finishWork,
  file: writeFile,
  exception: writeException,
  event: writeEvent,
  audit: writeAudit,
};

function writeRow<Name extends Row['op']>(
  data: Connection,
  op: Extract<Row, { readonly op: Name }>,
  place: Place,
): void {
  const write: Write<Name> = rowWrites[op.op as Name];
  write(data, op, place);
}

/**
 * Refuses a writer whose lease is over. The lease row lives in another file, so its holder may change between this
 * look and our commit; the epoch that this file remembers closes that gap once the next holder has written.
 */
export function fence(data: Connection, lease: Lease, held: (lease: Lease) => boolean): void {
  const newest = data.value<number>('SELECT epoch FROM fence WHERE name = ?', lease.name) ?? 0;
  if (lease.epoch < newest || !held(lease))
    throw new StoreError('fenced', 'a later holder of the lease has taken over');
  if (lease.epoch === newest) return;
  data.run('INSERT OR REPLACE INTO fence(name, epoch) VALUES(?, ?)', lease.name, lease.epoch);
}
