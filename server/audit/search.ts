import type { AuditEventEntity, Coding } from '@medplum/fhirtypes';
import { AppError } from '../core/error.ts';
import type { AuditContext } from './agents.ts';
import { type DateCriterion, type DateParser, dateCriterion } from './date-criterion.ts';
import { auditEntities } from './entities.ts';
import type { AuditEntry } from './entry.ts';
import { auditPattern } from './pattern.ts';
import { withoutVersion } from './row.ts';

/**
 * `AuditEvent` search parameters (FHIR R4, AuditEvent §6.4.6) that we answer. `agent` takes the id of a client or
 * of a person; `source` the server's URL or, as a site, the tenant.
 */
const valueParameters = [
  '_id',
  'agent',
  'entity',
  'entity-type',
  'type',
  'subtype',
  'action',
  'outcome',
  'source',
] as const;
/** An event is written once, when it happens. */
const dateParameters = ['date', '_lastUpdated'] as const;
type ValueParameter = (typeof valueParameters)[number];
type DateParameter = (typeof dateParameters)[number];
/** Parameters that take `:identifier`. */
const identified: readonly string[] = ['agent', 'entity', 'source'] satisfies readonly ValueParameter[];

/** Values of one criterion are alternatives; criteria must all hold. */
type Criterion =
  | { readonly param: 'date'; readonly ranges: DateCriterion }
  | { readonly param: ValueParameter | 'entity:identifier'; readonly values: readonly string[] };

export interface AuditSearch {
  readonly criteria: readonly Criterion[];
  /** Newest first unless the request sorts by `date`. */
  readonly descending: boolean;
}

/** A parameter as the client wrote it; `values` are the alternatives. */
interface Parameter {
  readonly name: string;
  readonly modifier?: string;
  readonly values: readonly string[];
}

/** @throws AppError `unknown-parameter`; `invalid` for a modifier or a value that the parameter does not have */
export function auditSearch(parameters: readonly Parameter[], parseDate: DateParser): AuditSearch {
  const criteria: Criterion[] = [];
  let descending = true;
  for (const { name, modifier, values } of parameters) {
    if (name === '_sort') descending = sortOf(values);
    else if (isOneOf(dateParameters, name)) criteria.push(dates(name, modifier, values, parseDate));
    else if (isOneOf(valueParameters, name)) criteria.push(criterion(name, modifier, values));
    else throw new AppError('unknown-parameter', `AuditEvent has no search parameter "${name}"`, { expression: name });
  }
  return { criteria, descending };
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}

function dates(
  param: DateParameter,
  modifier: string | undefined,
  values: readonly string[],
  parse: DateParser,
): Criterion {
  if (modifier !== undefined) throw invalid(param, `${param} has no modifier "${modifier}" here`);
  const ranges = values.flatMap((value) => {
    const found = dateCriterion(value, parse);
    if (found === undefined) throw invalid(param, `${param} is not a date with a prefix that is known here`);
    return found;
  });
  return { param: 'date', ranges };
}

function criterion(param: ValueParameter, modifier: string | undefined, values: readonly string[]): Criterion {
  const byIdentifier = modifier === 'identifier' && identified.includes(param);
  if (modifier !== undefined && !byIdentifier) throw invalid(param, `${param} has no modifier "${modifier}" here`);
  if (values.length === 0 || values.some((value) => value === '')) throw invalid(param, `${param} needs a value`);
  if (param === 'entity') {
    return byIdentifier ? { param: 'entity:identifier', values } : { param, values: values.map(entityOf) };
  }
  return { param, values: byIdentifier ? values.map((value) => value.slice(value.lastIndexOf('|') + 1)) : values };
}

/** `Type/id`, also where it came as an absolute or a version-specific reference. */
function entityOf(value: string): string {
  const parts = /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/.exec(value);
  if (parts?.[1] === undefined) throw invalid('entity', 'entity is a reference Type/id');
  return parts[1];
}

function sortOf(values: readonly string[]): boolean {
  const value = values.join();
  if (!/^-?(date|_lastUpdated)$/.test(value)) throw invalid('_sort', 'AuditEvent sorts by date or -date');
  return value.startsWith('-');
}

function invalid(expression: string, message: string): AppError {
  return new AppError('invalid', message, { expression });
}

/** Does an entry match? `id` is its AuditEvent id. */
export function auditMatches(search: AuditSearch, id: string, entry: AuditEntry, context: AuditContext): boolean {
  return search.criteria.every((one) => holds(one, id, entry, context));
}

function holds(one: Criterion, id: string, entry: AuditEntry, context: AuditContext): boolean {
  if (one.param === 'date') {
    const at = Date.parse(entry.at);
    return one.ranges.some(([from, to]) => at >= from && at < to);
  }
  const { values } = one;
  const { canonicalBase } = context;
  switch (one.param) {
    case '_id':
      return values.includes(id);
    case 'agent':
      return [entry.client, entry.user].some((id) => id != null && values.includes(id));
    case 'entity':
      return (
        values.includes(`${entry.type}/${entry.id}`) ||
        entry.disclosed.some((version) => values.includes(withoutVersion(version)))
      );
    case 'entity-type':
      return entitiesOf(entry, context).some(({ type }) => type && values.some((value) => is(value, type)));
    case 'entity:identifier':
      return entitiesOf(entry, context).some(({ what }) => {
        const { system, value: code } = what?.identifier ?? {};
        return code !== undefined && values.some((value) => is(value, { code, ...(system && { system }) }));
      });
    case 'source':
      return values.includes(context.publicUrl) || (entry.tenant !== null && values.includes(entry.tenant));
    case 'outcome':
      return values.some((value) => value.slice(value.lastIndexOf('|') + 1) === String(entry.outcome));
    case 'action':
      return values.some((value) => is(value, { code: auditPattern(entry, canonicalBase).action }));
    case 'type':
      return values.some((value) => is(value, auditPattern(entry, canonicalBase).type));
    case 'subtype':
      return values.some((value) => is(value, auditPattern(entry, canonicalBase).subtype));
  }
}

function entitiesOf(entry: AuditEntry, context: AuditContext): readonly AuditEventEntity[] {
  return auditEntities(entry, auditPattern(entry, context.canonicalBase), context);
}

/** Token search: `code`, `system|code`, `system|`. */
function is(value: string, coding: Coding): boolean {
  const bar = value.indexOf('|');
  if (bar < 0) return value === coding.code;
  const code = value.slice(bar + 1);
  return value.slice(0, bar) === (coding.system ?? '') && (code === '' || code === coding.code);
}

/** ISO 8601 UTC bounds [from, to) that a store can use: entries outside them cannot match. */
export function auditBounds(search: AuditSearch): { readonly from?: string; readonly to?: string } {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const one of search.criteria) {
    if (one.param !== 'date') continue;
    low = Math.max(low, Math.min(...one.ranges.map(([from]) => from)));
    high = Math.min(high, Math.max(...one.ranges.map(([, to]) => to)));
  }
  return {
    ...(Number.isFinite(low) ? { from: new Date(low).toISOString() } : {}),
    ...(Number.isFinite(high) ? { to: new Date(high).toISOString() } : {}),
  };
}

/** The one resource (`Type/id`) that every match is about, where the search says so: a store has an index of it. */
export function auditEntity(search: AuditSearch): string | undefined {
  for (const one of search.criteria) {
    if (one.param === 'entity' && one.values.length === 1) return one.values[0];
  }
  return undefined;
}
