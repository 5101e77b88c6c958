import { limits } from '../core/limits.ts';
import type { SearchParameters } from './parameters.ts';
import type { Parameter } from './parse.ts';
import { type Checked, checked, failed, invalid, unsupported } from './problem.ts';
import type { Sort } from './query.ts';

/** `_include=source:param[:target]` */
export interface Include {
  readonly source: string;
  readonly param: string;
  readonly target: string | undefined;
}

/** What the result parameters ask for: https://hl7.org/fhir/R4/search.html#return */
export interface ResultOptions {
  readonly sort: Sort;
  /** Resources on a page; 0 = the count alone. */
  readonly count: number;
  /** `_summary=count` */
  readonly countOnly: boolean;
  readonly total: boolean;
  readonly includes: readonly Include[];
  readonly revincludes: readonly Include[];
}

export const defaultOptions: ResultOptions = {
  sort: { by: 'sequence', descending: false },
  count: limits.searchCountDefault,
  countOnly: false,
  total: false,
  includes: [],
  revincludes: [],
};

interface ResultContext {
  readonly parameters: SearchParameters;
  readonly type: string;
}

/** The changed options, and the value that was used, for the self link. */
export interface BoundOption {
  readonly options: ResultOptions;
  readonly used: string;
}

type BindOption = (options: ResultOptions, value: string, context: ResultContext, name: string) => Checked<BoundOption>;

const sorts: Readonly<Record<string, Sort>> = {
  _lastUpdated: { by: 'sequence', descending: false },
  '-_lastUpdated': { by: 'sequence', descending: true },
  _id: { by: 'id', descending: false },
  '-_id': { by: 'id', descending: true },
};

const binders: Readonly<Record<string, BindOption>> = {
  _sort(options, value, _, name) {
    const sort = Object.hasOwn(sorts, value) ? sorts[value] : undefined;
    if (sort === undefined) return failed(unsupported(name, `_sort can be ${Object.keys(sorts).join(', ')}`));
    return checked({ options: { ...options, sort }, used: value });
  },
  _count(options, value, _, name) {
    if (!/^\d{1,9}$/.test(value)) return failed(invalid(name, '_count must be a whole number, 0 or more'));
    const count = Math.min(Number(value), limits.searchCountMax);
    return checked({ options: { ...options, count }, used: String(count) });
  },
  _total(options, value, _, name) {
    if (!['none', 'estimate', 'accurate'].includes(value)) {
      return failed(invalid(name, '_total must be none, estimate or accurate'));
    }
    return checked({ options: { ...options, total: value !== 'none' }, used: value });
  },
  _summary(options, value, _, name) {
    if (value !== 'count' && value !== 'false') return failed(unsupported(name, '_summary can be count or false'));
    return checked({ options: { ...options, countOnly: value === 'count' }, used: value });
  },
  _include(options, value, context, name) {
    const include = parseInclude(value);
    const problem = refuseInclude(include, context, name) ?? wrongSource(include, context.type, name);
    if (include === undefined || problem !== undefined) return failed(problem ?? noInclude(name));
    return checked({ options: { ...options, includes: [...options.includes, include] }, used: value });
  },
  _revinclude(options, value, context, name) {
    const include = parseInclude(value);
    const problem = refuseInclude(include, context, name) ?? wrongTarget(include, context, name);
    if (include === undefined || problem !== undefined) return failed(problem ?? noInclude(name));
    return checked({ options: { ...options, revincludes: [...options.revincludes, include] }, used: value });
  },
  // Negotiated before the search (`http/negotiate.ts`); kept in the links.
  _format: (options, value) => checked({ options, used: value }),
  _pretty: (options, value) => checked({ options, used: value }),
};

const repeatable: ReadonlySet<string> = new Set(['_include', '_revinclude']);

export function isResultParameter({ key }: Parameter): boolean {
  return key.is === 'plain' && Object.hasOwn(binders, key.param);
}

/** Binds one result parameter. `seen`: names that came before; only includes may come again. */
export function bindResult(
  { name, key, values }: Parameter,
  options: ResultOptions,
  seen: ReadonlySet<string>,
  context: ResultContext,
): Checked<BoundOption> {
  const bind = key.is === 'plain' ? binders[key.param] : undefined;
  if (key.is !== 'plain' || bind === undefined || key.modifier !== undefined) {
    return failed(unsupported(name, `"${name}" is not supported`));
  }
  if (seen.has(name) && !repeatable.has(name)) return failed(invalid(name, `"${name}" may come only once`));
  return bind(options, values.join(','), context, name);
}

function parseInclude(value: string): Include | undefined {
  const [source = '', param = '', target, ...more] = value.split(':');
  return source === '' || param === '' || more.length > 0 ? undefined : { source, param, target };
}

function noInclude(name: string) {
  return invalid(name, `"${name}" must be Type:parameter or Type:parameter:Target`);
}

function refuseInclude(include: Include | undefined, { parameters }: ResultContext, name: string) {
  if (include === undefined) return undefined;
  const { source, param, target } = include;
  if (source === '*' || param === '*') return unsupported(name, `"${name}" does not take "*": name the parameter`);
  const definition = parameters.get(source)?.get(param);
  if (definition?.kind !== 'reference') {
    return unsupported(name, `"${name}" names no reference parameter that is served`);
  }
  return target === undefined || definition.targets.includes(target)
    ? undefined
    : unsupported(name, `"${name}" names a target that its parameter does not refer to`);
}

function wrongSource(include: Include | undefined, type: string, name: string) {
  if (include === undefined || include.source === type) return undefined;
  return unsupported(name, `"${name}" must begin with ${type}, the type that is searched`);
}

function wrongTarget(include: Include | undefined, { parameters, type }: ResultContext, name: string) {
  if (include === undefined) return undefined;
  const targets = parameters.get(include.source)?.get(include.param)?.targets ?? [];
  return targets.includes(type) && (include.target === undefined || include.target === type)
    ? undefined
    : unsupported(name, `"${name}" names a parameter that does not refer to ${type}`);
}
