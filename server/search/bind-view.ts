import { elementsOf } from '../fhir/elements.ts';
import type { View } from '../fhir/subset.ts';
import { type Parameter, parseSearch } from './parse.ts';
import { type Checked, checked, failed, invalid, type Problem } from './problem.ts';

/** What `_summary` asks for: a part of each resource, the count alone, or nothing less than everything. */
export interface Summary {
  readonly view: View | undefined;
  readonly countOnly: boolean;
}

const summaries: Readonly<Record<string, Summary>> = {
  true: { view: { is: 'summary' }, countOnly: false },
  text: { view: { is: 'text' }, countOnly: false },
  data: { view: { is: 'data' }, countOnly: false },
  count: { view: undefined, countOnly: true },
  false: { view: undefined, countOnly: false },
};

/** https://hl7.org/fhir/R4/search.html#summary */
export function bindSummary(value: string, name: string): Checked<Summary> {
  const summary = Object.hasOwn(summaries, value) ? summaries[value] : undefined;
  return summary === undefined
    ? failed(invalid(name, `_summary can be ${Object.keys(summaries).join(', ')}`))
    : checked(summary);
}

/** Top-level elements that the client does not see: to it they are none. */
export type HiddenElements = (type: string) => ReadonlySet<string>;

/** https://hl7.org/fhir/R4/search.html#elements: names of top-level elements of `type`. */
export function bindElements(
  names: readonly string[],
  type: string,
  name: string,
  hidden: HiddenElements | undefined,
): Checked<View> {
  const { all } = elementsOf(type);
  const unseen = hidden?.(type);
  return names.every((one) => all.has(one) && unseen?.has(one) !== true)
    ? checked({ is: 'elements', names: new Set(names) })
    : failed(invalid(name, `_elements names something that is no element of ${type}`));
}

/** Two different parts of a resource cannot both be asked for. */
export function viewConflict(elements: View | undefined, summary: View | undefined): Problem | undefined {
  if (elements === undefined || summary === undefined) return undefined;
  return invalid('_elements', '_elements and _summary exclude each other');
}

/** What a read asks for by `_elements` and `_summary`; its other parameters are nobody's business here. */
export function viewOfRead(query: string, type: string, hidden: HiddenElements | undefined): Checked<View | undefined> {
  if (!/(?:^|&)_(?:elements|summary)=/.test(query)) return checked(undefined);
  const parsed = parseSearch(query);
  if (!parsed.ok) return parsed;
  const askedFor = (name: string) => only(parsed.value.filter((parameter) => parameter.name === name));
  const elements = askedFor('_elements');
  const summary = askedFor('_summary');
  if (elements === 'repeated' || summary === 'repeated') {
    return failed(invalid('_elements', '_elements and _summary may come only once'));
  }
  const named = elements === undefined ? checked(undefined) : bindElements(elements, type, '_elements', hidden);
  if (!named.ok) return named;
  const asked = summary === undefined ? checked(undefined) : bindSummary(summary.join(','), '_summary');
  if (!asked.ok) return asked;
  if (asked.value?.countOnly === true) return failed(invalid('_summary', 'a read has nothing to count'));
  const conflict = viewConflict(named.value, asked.value?.view);
  return conflict === undefined ? checked(named.value ?? asked.value?.view) : failed(conflict);
}

function only(parameters: readonly Parameter[]): readonly string[] | 'repeated' | undefined {
  return parameters.length > 1 ? 'repeated' : parameters[0]?.values;
}
