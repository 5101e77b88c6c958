import { constants, getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { present } from '../../core/assert.ts';
import type { Connection } from './connection.ts';
import { unpackedDelivery, writeDelivery } from './delivery-batch.ts';
import type { DeliveryCall } from './delivery-calls.ts';
import { deliveryFile } from './delivery-file.ts';
import { leaseHeld } from './leases.ts';
import { systemFile } from './system-file.ts';
import { answerCalls } from './thread-calls.ts';

/** The thread that writes what deliveries leave behind, in the order in which it was asked. */
const files = new Map<string, Connection>();
let system: Connection | undefined;

function carryOut(call: DeliveryCall): null {
  if (call.do === 'open') {
    system ??= systemFile(call.system.path, () => Buffer.from(call.system.key));
    const key = Buffer.from(call.key);
    files.set(
      call.path,
      deliveryFile(call.path, () => key),
    );
  } else if (call.do === 'write') {
    const leases = present(system, "the system's file");
    writeDelivery(present(files.get(call.path), 'an open file'), unpackedDelivery(call.batch), call.lease, (lease) =>
      leaseHeld(leases, lease),
    );
  } else {
    files.get(call.path)?.close();
    files.delete(call.path);
  }
  return null;
}

/** An ingest comes first, which takes a sixth longer else on two cores (measured). Linux alone ranks single threads. */
const steps = 5;
if (process.platform === 'linux') setPriority(0, Math.min(getPriority(0) + steps, constants.priority.PRIORITY_LOW));

answerCalls(present(parentPort, 'the thread that asks'), carryOut);
