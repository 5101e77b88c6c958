import { limits } from '../core/limits.ts';
import type { View } from '../fhir/subset.ts';
import { bindInclude, bindRevinclude, type Include } from './bind-include.ts';
import { bindSort } from './bind-sort.ts';
import { bindElements, bindSummary, type HiddenElements, viewConflict } from './bind-view.ts';
import type { SearchParameters } from './parameters.ts';
import type { Parameter } from './parse.ts';
import { type Checked, checked, failed, invalid, type Problem, unsupported } from './problem.ts';
import type { Sort } from './query.ts';

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
  /** The part of each resource that `_summary` asks for; undefined = all of it. */
  readonly summary: View | undefined;
  /** The part of each match that `_elements` asks for. */
  readonly elements: View | undefined;
}

export const defaultOptions: ResultOptions = {
  sort: { by: 'sequence', descending: false },
  count: limits.searchCountDefault,
  countOnly: false,
  total: false,
  includes: [],
  revincludes: [],
  summary: undefined,
  elements: undefined,
};

interface ResultContext {
  readonly parameters: SearchParameters;
  readonly type: string;
  readonly hidden?: HiddenElements | undefined;
}

/** The changed options, and the value that was used, for the self link. */
export interface BoundOption {
  readonly options: ResultOptions;
  readonly used: string;
}

interface Asked {
  /** As written, with its modifier. */
  readonly name: string;
  readonly values: readonly string[];
  /** `values` as one. */
  readonly value: string;
  readonly iterate: boolean;
}

type BindOption = (asked: Asked, options: ResultOptions, context: ResultContext) => Checked<Partial<ResultOptions>>;

const binders: Readonly<Record<string, BindOption>> = {
  _sort({ name, values }, _, { parameters, type }) {
    const sort = bindSort(values, type, parameters, name);
    return sort.ok ? checked({ sort: sort.value }) : sort;
  },
  _count({ name, value }) {
    if (!/^\d{1,9}$/.test(value)) return failed(invalid(name, '_count must be a whole number, 0 or more'));
    return checked({ count: Math.min(Number(value), limits.searchCountMax) });
  },
  _total({ name, value }) {
    if (!['none', 'estimate', 'accurate'].includes(value)) {
      return failed(invalid(name, '_total must be none, estimate or accurate'));
    }
    return checked({ total: value !== 'none' });
  },
  _summary({ name, value }) {
    const summary = bindSummary(value, name);
    return summary.ok ? checked({ summary: summary.value.view, countOnly: summary.value.countOnly }) : summary;
  },
  _elements({ name, values }, _, { type, hidden }) {
    const elements = bindElements(values, type, name, hidden);
    return elements.ok ? checked({ elements: elements.value }) : elements;
  },
  _include({ name, value, iterate }, { includes }, context) {
    const more = bindInclude(value, iterate, context, name);
    return more.ok ? checked({ includes: [...includes, ...more.value] }) : more;
  },
  _revinclude({ name, value, iterate }, { revincludes }, context) {
    const more = bindRevinclude(value, iterate, context, name);
    return more.ok ? checked({ revincludes: [...revincludes, ...more.value] }) : more;
  },
  // Negotiated before the search (`http/negotiate.ts`); kept in the links.
  _format: () => checked({}),
  _pretty: () => checked({}),
};

const repeatable: ReadonlySet<string> = new Set(['_include', '_revinclude']);

/** Names of all result parameters, for the CapabilityStatement. */
export const resultParameters: readonly string[] = Object.keys(binders);

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
  if (key.is !== 'plain' || bind === undefined) return failed(unsupported(name, `"${name}" is not supported`));
  const many = repeatable.has(key.param);
  const iterate = many && key.modifier === 'iterate';
  if (key.modifier !== undefined && !iterate) return failed(unsupported(name, `"${name}" is not supported`));
  if (seen.has(name) && !many) return failed(invalid(name, `"${name}" may come only once`));
  const value = values.join(',');
  const bound = bind({ name, values, value, iterate }, options, context);
  if (!bound.ok) return bound;
  const changed = { ...options, ...bound.value };
  return checked({ options: changed, used: key.param === '_count' ? String(changed.count) : value });
}

/** Result parameters that exclude each other. */
export function conflicts(options: ResultOptions): readonly Problem[] {
  const { summary, elements, includes, revincludes } = options;
  const parts = viewConflict(elements, summary);
  const including = summary?.is === 'text' && includes.length + revincludes.length > 0;
  return [
    ...(parts === undefined ? [] : [parts]),
    // R4: "The _include and _revinclude parameters cannot be mixed with _summary=text".
    ...(including ? [invalid('_summary', '_summary=text goes without _include and _revinclude')] : []),
  ];
}
