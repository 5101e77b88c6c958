import { AppError } from '../core/error.ts';
import { type Topic, type TopicFilter, topics } from '../topics/topic.ts';

/** One condition of a subscription; any of the values fulfils it. */
export interface Filter {
  readonly name: TopicFilter;
  /** References (`Organization/id`) or codes, as events give them. */
  readonly values: readonly string[];
}

const at = 'Subscription.criteria.extension';
const pairGrammar = /^([^=:]+)(:[^=]*)?=(.+)$/;

/**
 * The conditions of one filter text: `PractitionerRole?organization=Organization/1&role=03` as in Backport 1.1 or
 * `PractitionerRole.organization=…` as in 1.2; all must hold. Throws `unprocessable` for what the topic lacks.
 */
export function parseFilter(text: string, topic: Topic, base: string): readonly Filter[] {
  const { focus } = topics[topic];
  const mark = text.indexOf('?');
  const type = mark === -1 ? undefined : text.slice(0, mark);
  if (type !== undefined && type !== '' && type !== focus) throw refused(`the topic ${topic} has no ${type}`);
  return text
    .slice(mark + 1)
    .split('&')
    .map((pair) => parsePair(pair, topic, base));
}

function parsePair(pair: string, topic: Topic, base: string): Filter {
  const { focus, filters } = topics[topic];
  const [, spelled = '', modifier, value = ''] = pairGrammar.exec(pair) ?? [];
  const name = spelled.startsWith(`${focus}.`) ? spelled.slice(`${focus}.`.length) : spelled;
  const known = (filters as readonly TopicFilter[]).find((one) => one === name);
  if (known === undefined) {
    const offered = filters.length === 0 ? 'by nothing' : `by ${filters.join(', ')}`;
    throw refused(`the topic ${topic} is filtered ${offered}`);
  }
  if (modifier !== undefined) throw refused(`the filter ${known} has no modifiers`);
  return {
    name: known,
    values: decoded(value)
      .split(',')
      .map((one) => filterValue(known, one, base)),
  };
}

function filterValue(name: TopicFilter, value: string, base: string): string {
  const reference = { organization: 'Organization', department: 'Organization', practitioner: 'Practitioner' };
  const type = name in reference ? reference[name as keyof typeof reference] : undefined;
  if (value === '') throw refused(`the filter ${name} has an empty value`);
  // A code may come with its system, which events do not name: each filter has codes of one system.
  if (type === undefined) return value.slice(value.lastIndexOf('|') + 1);
  const local = value.startsWith(`${base}/`) ? value.slice(base.length + 1) : value;
  const found = local.includes('/') ? local : `${type}/${local}`;
  if (new RegExp(`^${type}/[A-Za-z0-9.-]{1,64}$`).test(found)) return found;
  throw refused(`a value of the filter ${name} is a reference to ${type}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('a filter is not percent-encoded as a URL is');
  }
}

function refused(message: string): AppError {
  return new AppError('unprocessable', message, { expression: at });
}

/** @param values of the event's `data.filters` */
export function matchesAll(filters: readonly Filter[], values: Readonly<Record<string, readonly string[]>>): boolean {
  return filters.every(({ name, values: wanted }) => values[name]?.some((value) => wanted.includes(value)) === true);
}
