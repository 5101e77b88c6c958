import { parentPort } from 'node:worker_threads';
import { present } from '../../core/assert.ts';
import type { SearchParameters } from '../../search/parameters.ts';
import type { Batch, Lease } from '../port.ts';
import { unpackedRows } from './batch-rows.ts';
import type { BatchCall, BatchPlaces } from './batch-writer.ts';
import { contracts } from './contracts.ts';
import { dataFile, muchWritten } from './data-file.ts';
import { leaseHeld } from './leases.ts';
import { systemFile } from './system-file.ts';
import { answerCalls } from './thread-calls.ts';
import { transact, type Writer } from './transact.ts';

/** The thread that writes a tenant's batches while the next ones are made: in the order in which they were asked. */
type Opened = Writer & { readonly close: () => void };

/** The search parameters that batches name by their number. */
const told: SearchParameters[] = [];

let opened: Opened | undefined;
/** Why it did not open: whoever writes is told so. */
let refused: unknown;

function open({ tenant, schema, data: at, system: its }: BatchPlaces): Opened {
  const data = dataFile(at.path, () => Buffer.from(at.key), muchWritten);
  const system = systemFile(its.path, () => Buffer.from(its.key));
  const close = () => {
    data.close();
    system.close();
  };
  const held = (lease: Lease) => leaseHeld(system, lease);
  return { tenant, data, contracts: contracts(data, schema), held, close };
}

function carryOut(call: BatchCall): Batch | null {
  if (call.do === 'open') {
    try {
      opened = open(call.places);
    } catch (error) {
      refused = error;
      throw error;
    }
    return null;
  }
  if (call.do === 'parameters') {
    told.push(call.parameters);
    return null;
  }
  if (opened === undefined) throw refused ?? new Error('no file is open');
  if (call.do === 'transact') return transact(opened, unpackedRows(call.rows, told), call.at, call.lease);
  if (call.do === 'checkpoint') opened.data.rows('PRAGMA wal_checkpoint(PASSIVE)');
  else opened.close();
  return null;
}

answerCalls(present(parentPort, 'the thread that asks'), carryOut);
