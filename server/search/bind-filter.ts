import { limits } from '../core/limits.ts';
import {
  type BindValue,
  date,
  identifierToken,
  isResourceId,
  ofType,
  prefixedRange,
  reference,
  string,
  token,
  type ValueContext,
} from './bind-value.ts';
import type { ElementType, SearchParameter, SearchParameters } from './parameters.ts';
import { type Parameter, type ParameterKey, splitUnescaped, unescapeValue } from './parse.ts';
import { type Checked, checked, failed, invalid, unsupported } from './problem.ts';
import type { IndexKind, Predicate } from './query.ts';

/** What filters are bound against. `reaches` collects the types that chains and `_has` look into. */
export interface FilterContext extends ValueContext {
  readonly parameters: SearchParameters;
  readonly reaches: Set<string>;
}

/** Binds a parameter that selects resources of `type`. */
export function bindFilter(parameter: Parameter, type: string, context: FilterContext): Checked<Predicate> {
  return bindKey(parameter, parameter.key, type, context, 0);
}

function bindKey(
  parameter: Parameter,
  key: ParameterKey,
  type: string,
  context: FilterContext,
  steps: number,
): Checked<Predicate> {
  const { name } = parameter;
  if (steps > limits.chainStepsMax) {
    return failed(unsupported(name, `"${name}" has more than ${limits.chainStepsMax} steps`));
  }
  if (key.is === 'plain' && key.param === '_id') return bindId(parameter, key.modifier);
  if (key.is === 'plain' && key.param === '_lastUpdated') return bindLastUpdated(parameter, key.modifier, context);
  if (key.is === 'has') return bindHas(parameter, key, type, context, steps);
  const definition = context.parameters.get(type)?.get(key.param);
  if (definition === undefined) {
    return failed(unsupported(name, `${type} has no search parameter "${key.param}"`));
  }
  return key.is === 'plain'
    ? bindPlain(parameter, key.modifier, definition, context)
    : bindChain(parameter, key, definition, context, steps);
}

function bindId({ name, values }: Parameter, modifier: string | undefined): Checked<Predicate> {
  if (modifier !== undefined && modifier !== 'not') return badModifier(name, modifier);
  const ids = values.map(unescapeValue);
  if (!ids.every(isResourceId)) return failed(invalid(name, `a value of "${name}" is not a resource id`));
  const where: Predicate = { is: 'id', ids };
  return checked(modifier === 'not' ? { is: 'not', of: where } : where);
}

function bindLastUpdated(
  { name, values }: Parameter,
  modifier: string | undefined,
  { now }: ValueContext,
): Checked<Predicate> {
  if (modifier !== undefined) return badModifier(name, modifier);
  const of: Predicate[] = [];
  for (const value of values) {
    const range = prefixedRange(unescapeValue(value), now);
    if (range === undefined) return failed(invalid(name, `a value of "${name}" is not a date`));
    of.push({ is: 'lastUpdated', ...range });
  }
  return checked(anyOf(of));
}

function bindPlain(
  { name, values }: Parameter,
  modifier: string | undefined,
  definition: SearchParameter,
  context: FilterContext,
): Checked<Predicate> {
  // A part that nobody sees would be told by how many there are, or by the words beside them.
  if (definition.systems !== undefined && modifier !== undefined && modifier !== 'not') {
    return badModifier(name, modifier);
  }
  if (modifier === 'missing') {
    const [value] = values;
    if (values.length !== 1 || (value !== 'true' && value !== 'false')) {
      return failed(invalid(name, `"${name}" must be true or false`));
    }
    const missing: Predicate = { is: 'missing', param: definition.code };
    return checked(value === 'true' ? missing : { is: 'not', of: missing });
  }
  const bind = binder(definition, modifier);
  if (bind === undefined) return badModifier(name, modifier ?? '');
  const of: Predicate[] = [];
  for (const value of values) {
    const predicate = bind(definition.code, value, context);
    if (predicate === undefined) return failed(invalid(name, `a value of "${name}" is not a ${definition.kind}`));
    of.push(predicate);
  }
  const any = anyOf(of);
  return checked(modifier === 'not' ? { is: 'not', of: any } : any);
}

type Binder = (definition: SearchParameter) => BindValue | undefined;

/**
 * The modifiers of each type of parameter (https://hl7.org/fhir/R4/search.html#modifiers), none first; undefined where
 * the data type rules one out. `missing` goes with all, and is bound above.
 */
const binders: Readonly<Record<IndexKind, Readonly<Record<string, Binder>>>> = {
  token: {
    '': (definition) => (param, value) => token(definition, param, value),
    not: (definition) => (param, value) => token(definition, param, value),
    text: ({ of }) => (texts.has(of) ? text : undefined),
    'of-type': ({ of }) => (of === 'Identifier' ? ofType : undefined),
  },
  string: { '': () => string('prefix'), exact: () => string('exact'), contains: () => string('contains') },
  date: { '': () => date },
  reference: { '': ({ targets }) => reference(targets), identifier: () => logical },
  uri: { '': () => (param, value) => ({ is: 'uri', param, value: unescapeValue(value) }) },
};

function binder(definition: SearchParameter, modifier = ''): BindValue | undefined {
  const ofKind = binders[definition.kind];
  if (Object.hasOwn(ofKind, modifier)) return ofKind[modifier]?.(definition);
  return definition.targets.includes(modifier) ? reference([modifier]) : undefined;
}

/** What may follow the parameter's name after a colon. */
export function modifiersOf(definition: SearchParameter): readonly string[] {
  const own = Object.keys(binders[definition.kind]).filter((modifier) => modifier !== '');
  return [...own.filter((modifier) => binder(definition, modifier) !== undefined), 'missing', ...definition.targets];
}

/** `:identifier`: the reference's own identifier, not the target's. */
const logical: BindValue = (param, value) => {
  const parts = splitUnescaped(value, '|').map(unescapeValue);
  const [first = '', second] = parts;
  if (parts.length > 2 || (second === '' && first === '')) return undefined;
  if (second === undefined) return identifierToken(`${param}:identifier`, undefined, first);
  return identifierToken(`${param}:identifier`, first === '' ? null : first, second === '' ? undefined : second);
};

/** Data types whose tokens have texts beside them: CodeableConcept.text, Coding.display, Identifier.type.text. */
const texts: ReadonlySet<ElementType> = new Set<ElementType>(['CodeableConcept', 'Identifier']);

/** `:text`: the words beside a code, searched like a string. */
const text: BindValue = (param, value, context) => string('prefix')(`${param}:text`, value, context);

/** `practitioner.identifier`: https://hl7.org/fhir/R4/search.html#chaining */
function bindChain(
  parameter: Parameter,
  key: ParameterKey & { readonly is: 'chain' },
  definition: SearchParameter,
  context: FilterContext,
  steps: number,
): Checked<Predicate> {
  const { name } = parameter;
  if (definition.kind !== 'reference') {
    return failed(invalid(name, `"${key.param}" is no reference, so nothing can follow it`));
  }
  if (key.type !== undefined && !definition.targets.includes(key.type)) {
    return failed(unsupported(name, `"${key.param}" does not refer to ${key.type}`));
  }
  const types = (key.type === undefined ? definition.targets : [key.type]).filter((t) => context.parameters.has(t));
  const of: Predicate[] = [];
  for (const type of types) {
    const where = bindKey(parameter, key.next, type, context, steps + 1);
    if (!where.ok) return where;
    context.reaches.add(type);
    of.push({ is: 'chain', param: key.param, type, where: where.value });
  }
  return of.length > 0 ? checked(anyOf(of)) : failed(unsupported(name, `what "${key.param}" refers to is not served`));
}

/** `_has:PractitionerRole:practitioner:role`: https://hl7.org/fhir/R4/search.html#has */
function bindHas(
  parameter: Parameter,
  key: ParameterKey & { readonly is: 'has' },
  type: string,
  context: FilterContext,
  steps: number,
): Checked<Predicate> {
  const { name } = parameter;
  const definition = context.parameters.get(key.type)?.get(key.param);
  if (definition?.kind !== 'reference' || !definition.targets.includes(type)) {
    return failed(unsupported(name, `${key.type} has no reference parameter "${key.param}" to ${type}`));
  }
  const where = bindKey(parameter, key.next, key.type, context, steps + 1);
  if (!where.ok) return where;
  context.reaches.add(key.type);
  return checked({ is: 'has', type: key.type, param: key.param, where: where.value });
}

function badModifier(name: string, modifier: string): Checked<Predicate> {
  return failed(unsupported(name, `modifier ":${modifier}" of "${name}" is not supported`));
}

/** OR. The ids or targets of one parameter become one predicate, which a store answers with one look-up. */
function anyOf(of: readonly Predicate[]): Predicate {
  const [first] = of;
  if (first !== undefined && of.length === 1) return first;
  const references = of.filter((one) => one.is === 'reference');
  if (first?.is === 'reference' && references.length === of.length) {
    return { ...first, targets: [...new Set(references.flatMap((one) => one.targets))] };
  }
  return { is: 'or', of };
}
