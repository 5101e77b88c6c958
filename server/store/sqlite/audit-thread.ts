import { parentPort } from 'node:worker_threads';
import { present } from '../../core/assert.ts';
import { appendRows, indexTimes } from './audit.ts';
import { type AuditCall, unpacked } from './audit-appender.ts';
import { auditFile } from './audit-file.ts';
import type { Connection } from './connection.ts';
import { answerCalls } from './thread-calls.ts';

/** The thread that waits for the disk in the request thread's place: appends in the order in which they were asked. */
const files = new Map<string, Connection>();

/** Nobody appended for so long: there is time to index what was. */
const idleMs = 200;
const behind = new Set<string>();
const idle = setTimeout(indexSome, idleMs);
let next: NodeJS.Immediate | undefined;

/** A step of an index; appends come between two, and put the rest off. */
function indexSome(): void {
  next = undefined;
  for (const path of behind) {
    const file = files.get(path);
    if (file === undefined || !isMoreToIndex(file)) behind.delete(path);
  }
  if (behind.size > 0) next = setImmediate(indexSome);
}

/** What fails is tried again behind the next append, or by who looks for rows. */
function isMoreToIndex(file: Connection): boolean {
  try {
    return indexTimes(file);
  } catch {
    return false;
  }
}

function putOff(path: string): void {
  behind.add(path);
  if (next !== undefined) clearImmediate(next);
  idle.refresh();
}

function carryOut(call: AuditCall): null {
  if (call.do === 'open') {
    const key = Buffer.from(call.key);
    files.set(
      call.path,
      auditFile(call.path, () => key),
    );
  } else if (call.do === 'append') {
    appendRows(present(files.get(call.path), 'an open file'), unpacked(call.rows, call.count));
    putOff(call.path);
  } else {
    files.get(call.path)?.close();
    files.delete(call.path);
  }
  return null;
}

answerCalls(present(parentPort, 'the thread that asks'), carryOut);
