import { parentPort } from 'node:worker_threads';
import { present } from '../../core/assert.ts';
import { appendRows, indexTimes } from './audit.ts';
import { type AuditCall, unpacked } from './audit-appender.ts';
import { auditFile } from './audit-file.ts';
import type { Connection } from './connection.ts';
import { answerCalls } from './thread-calls.ts';

/** The thread that waits for the disk in the request thread's place: appends in the order in which they were asked. */
const files = new Map<string, Connection>();

/** Nobody appended for so long: there is time to index what was; sooner where that is more than a step of it. */
const idleMs = 200;
const idleMuchMs = 5;
const muchRows = 500;
/** Rows by file that were not indexed yet. */
const behind = new Map<string, number>();
const idle = setTimeout(indexSome, idleMs);
const idleWithMuch = setTimeout(indexSome, idleMuchMs);
let much = false;
let next: NodeJS.Immediate | undefined;

/** A step of an index; appends come between two, and put the rest off. */
function indexSome(): void {
  next = undefined;
  for (const path of behind.keys()) {
    const file = files.get(path);
    if (file === undefined || !isMoreToIndex(file)) behind.delete(path);
  }
  much = behind.size > 0;
  if (much) next = setImmediate(indexSome);
}

/** What fails is tried again behind the next append, or by who looks for rows. */
function isMoreToIndex(file: Connection): boolean {
  try {
    return indexTimes(file);
  } catch {
    return false;
  }
}

function putOff(path: string, rows: number): void {
  const waiting = (behind.get(path) ?? 0) + rows;
  behind.set(path, waiting);
  much ||= waiting >= muchRows;
  if (next !== undefined) clearImmediate(next);
  idle.refresh();
  if (much) idleWithMuch.refresh();
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
    putOff(call.path, call.count);
  } else {
    files.get(call.path)?.close();
    files.delete(call.path);
  }
  return null;
}

answerCalls(present(parentPort, 'the thread that asks'), carryOut);
