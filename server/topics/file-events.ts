import { derivedId } from '../core/id.ts';
import type { DomainEvent } from './domain-event.ts';
import type { Topic } from './topic.ts';
import type { EventContext } from './unit-change.ts';

/** What the events of a file need to know of the batch that carries them. */
export type FileEventContext = Pick<EventContext, 'tenant' | 'today' | 'receivedDate' | 'correlationId'> & {
  readonly file: string;
};

/** A file reached its final state. Counts are those of the ledger; `reason` is a sentence of ours. */
export interface FinishedFile {
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly rows: number;
  readonly quarantined: number;
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
}

/** A row that was quarantined; or a file as a whole, without `exception`, line and record. */
export interface RaisedException {
  readonly exception: string | null;
  readonly rule: string;
  readonly severity: string;
  readonly field: string | null;
  readonly line: number | null;
  readonly record: string | null;
  readonly message: string;
}

/** @param at distinguishes what happens to a file more than once */
export function fileIngested(finished: FinishedFile, context: FileEventContext, at: string): DomainEvent {
  return fileEvent('file-ingested', `file/${context.file}`, at, { record: null, ...finished }, context);
}

/** @param at distinguishes what happens to a file more than once */
export function exceptionRaised(raised: RaisedException, context: FileEventContext, at: string): DomainEvent {
  const { exception, ...facts } = raised;
  if (exception === null) return fileEvent('exception-raised', `file/${context.file}`, at, facts, context);
  return fileEvent('exception-raised', `exception/${exception}`, '', facts, context);
}

function fileEvent(
  topic: Topic,
  subject: string,
  what: string,
  facts: FinishedFileFacts | Omit<RaisedException, 'exception'>,
  { tenant, today, receivedDate, file, correlationId }: FileEventContext,
): DomainEvent {
  const when = { effectiveDate: today, receivedDate, cause: 'file' as const };
  return {
    id: derivedId(tenant, 'event', correlationId, topic, subject, what),
    topic,
    subject,
    data: { tenant, ...when, file, correlationId, ...facts },
  };
}

type FinishedFileFacts = FinishedFile & { readonly record: null };
