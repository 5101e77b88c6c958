import { derivedId } from '../core/id.ts';
import { type Topic, type TopicFilter, topics } from './topic.ts';
import { type EventContext, nameOf, type ResourceChange, recordText } from './unit-change.ts';

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md, without `time`. */
export interface DomainEvent {
  readonly id: string;
  readonly topic: Topic;
  /** What it is about: `PractitionerRole/id`, `file/id`, `exception/id`. */
  readonly subject: string;
  readonly data: EventData;
}

/** Ids, dates and codes alone: no event holds a name or anything else about a person. */
export interface EventData {
  readonly tenant: string;
  /** First day (starter), last day (leaver) or the day from which the change holds; `YYYY-MM-DD`. */
  readonly effectiveDate: string;
  readonly receivedDate: string;
  readonly cause: EventContext['cause'];
  readonly file: string | null;
  /** Type and ESR id of the record, e.g. `assignment/2001`. */
  readonly record: string | null;
  readonly correlationId: string;
  readonly [fact: string]: unknown;
}

export type FilterValues = Readonly<Partial<Record<TopicFilter, readonly string[]>>>;

interface Told {
  readonly effectiveDate: string;
  readonly filters: FilterValues;
  readonly before: object | null;
  readonly after: object | null;
  /** Names of the elements that differ. */
  readonly changed?: readonly string[];
  /** Of a starter or leaver: the event that announced it first. */
  readonly firstEvent?: string;
}

/**
 * An event of a resource.
 *
 * @param what tells it from others of the same topic, file or day, and version: the date of a starter or leaver
 */
export function resourceEvent(
  topic: Topic,
  focus: ResourceChange,
  told: Told,
  context: EventContext,
  what = '',
): DomainEvent {
  const { tenant, contract, receivedDate, cause, file, correlationId } = context;
  const { effectiveDate, filters: values, ...facts } = told;
  const filters = Object.fromEntries(topics[topic].filters.map((name) => [name, values[name] ?? []]));
  const record = recordText(focus);
  const reference = nameOf(focus);
  return {
    id: eventId(context, topic, focus, what),
    topic,
    subject: reference,
    data: {
      ...{ tenant, contract, focus: { reference, version: focus.version }, effectiveDate, receivedDate },
      ...{ cause, file, record, correlationId, filters, ...facts },
    },
  };
}

/** Derived, so that an announcement can remember the event that it makes. */
export function eventId(
  { tenant, correlationId }: EventContext,
  topic: Topic,
  focus: ResourceChange,
  what: string,
): string {
  return derivedId(tenant, 'event', correlationId, topic, nameOf(focus), String(focus.version), what);
}

/**
 * The event as it is kept, streamed and sent: a CloudEvents 1.0 JSON object. `source` is a URN of the tenant, since a
 * server's URL may change; `dataschema` changes when a field of `data` changes its meaning.
 *
 * @param time ISO 8601, of the batch
 */
export function cloudEvent({ id, topic, subject, data }: DomainEvent, time: string): string {
  const source = `urn:esr-fhir:tenant:${data.tenant}`;
  const form = { datacontenttype: 'application/json', dataschema: 'urn:esr-fhir:event:1' };
  return JSON.stringify({ specversion: '1.0', id, type: topic, source, subject, time, ...form, data });
}
