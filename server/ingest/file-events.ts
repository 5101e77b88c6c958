import { londonDate } from '../core/clock.ts';
import { keyText } from '../record/record.ts';
import type { FileRow, Op } from '../store/port.ts';
import { cloudEvent, type DomainEvent } from '../topics/domain-event.ts';
import { exceptionRaised, type FileEventContext, fileIngested } from '../topics/file-events.ts';

/**
 * The events of a file's state: `file-ingested` of a final one; `exception-raised` where a file as a whole is held or
 * refused, since somebody must look at it.
 *
 * @param before the state that it had
 */
export function fileStateEvents(tenant: string, file: FileRow, before: FileRow['state'], at: string): readonly Op[] {
  const context = contextOf(tenant, file, at);
  const { name, state, reason, rows, quarantined, created, changed, removed } = file;
  const events: DomainEvent[] = [];
  if (state !== 'held') {
    // Why a file was given up is in a person's own words, which stay in the audit.
    const told = state === 'discarded' ? null : reason;
    const finished = { name, state, reason: told, rows, quarantined, created, changed, removed };
    events.push(fileIngested(finished, context, at));
  }
  if (state === 'rejected' || (state === 'held' && before !== 'held')) {
    const whole = { exception: null, field: null, line: null, record: null };
    const raised = { ...whole, rule: `file-${state}`, severity: 'error', message: reason ?? '' };
    events.push(exceptionRaised(raised, context, at));
  }
  return events.map((event) => eventOp(tenant, event, at));
}

/** `exception-raised` of every row that these ops quarantine; a warning raises none: its row was published. */
export function exceptionEvents(tenant: string, file: FileRow, ops: readonly Op[], at: string): readonly Op[] {
  const context = contextOf(tenant, file, at);
  return ops.flatMap((op) => {
    if (op.op !== 'exception' || op.exception.state !== 'open' || op.exception.severity !== 'error') return [];
    const { id, rule, severity, field, line, record, message } = op.exception;
    const raised = { exception: id, rule, severity, field, line, record: keyText(record), message };
    return [eventOp(tenant, exceptionRaised(raised, context, at), at)];
  });
}

function contextOf(tenant: string, { id, receivedAt }: FileRow, at: string): FileEventContext {
  const receivedDate = londonDate(new Date(receivedAt));
  return { tenant, today: londonDate(new Date(at)), receivedDate, file: id, correlationId: id };
}

function eventOp(tenant: string, event: DomainEvent, at: string): Op {
  return { op: 'event', tenant, topic: event.topic, body: cloudEvent(event, at) };
}
