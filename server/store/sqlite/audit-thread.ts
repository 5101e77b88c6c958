import { parentPort } from 'node:worker_threads';
import { present } from '../../core/assert.ts';
import { appendRows } from './audit.ts';
import { type AuditCall, unpacked } from './audit-appender.ts';
import { auditFile } from './audit-file.ts';
import type { Connection } from './connection.ts';
import { answerCalls } from './thread-calls.ts';

/** The thread that waits for the disk in the request thread's place: appends in the order in which they were asked. */
const files = new Map<string, Connection>();

function carryOut(call: AuditCall): null {
  if (call.do === 'open') {
    const key = Buffer.from(call.key);
    files.set(
      call.path,
      auditFile(call.path, () => key),
    );
  } else if (call.do === 'append') {
    appendRows(present(files.get(call.path), 'an open file'), unpacked(call.rows, call.count));
  } else {
    files.get(call.path)?.close();
    files.delete(call.path);
  }
  return null;
}

answerCalls(present(parentPort, 'the thread that asks'), carryOut);
