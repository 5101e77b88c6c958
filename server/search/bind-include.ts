import type { SearchParameter, SearchParameters } from './parameters.ts';
import { type Checked, checked, failed, invalid, type Problem, unsupported } from './problem.ts';

/** `_include=source:param[:target]`, one for each parameter that `source:*` stands for. */
export interface Include {
  readonly source: string;
  readonly param: string;
  readonly target: string | undefined;
  /** Also follows from what was included. */
  readonly iterate: boolean;
}

interface IncludeContext {
  readonly parameters: SearchParameters;
  readonly type: string;
}

/** https://hl7.org/fhir/R4/search.html#include. Without `:iterate` it begins with the type that is searched. */
export function bindInclude(
  value: string,
  iterate: boolean,
  context: IncludeContext,
  name: string,
): Checked<readonly Include[]> {
  const named = namedParameters(value, context, name);
  if (!named.ok) return named;
  const { source, target, definitions } = named.value;
  if (source !== context.type && !iterate) {
    return failed(unsupported(name, `"${name}" must begin with ${context.type}, the type that is searched`));
  }
  const fitting = definitions.filter(({ targets }) => target === undefined || targets.includes(target));
  return someOf(fitting, { source, target, iterate }, wrongTarget(name));
}

/** Without `:iterate` its parameter refers to the type that is searched. */
export function bindRevinclude(
  value: string,
  iterate: boolean,
  context: IncludeContext,
  name: string,
): Checked<readonly Include[]> {
  const named = namedParameters(value, context, name);
  if (!named.ok) return named;
  const { source, target, definitions } = named.value;
  const searched = iterate ? target : context.type;
  if (target !== undefined && target !== searched) return failed(wrongTarget(name));
  const fitting = definitions.filter(({ targets }) => searched === undefined || targets.includes(searched));
  const problem = unsupported(name, `"${name}" names a parameter that does not refer to ${searched}`);
  return someOf(fitting, { source, target, iterate }, problem);
}

function wrongTarget(name: string): Problem {
  return unsupported(name, `"${name}" names a target that its parameter does not refer to`);
}

function someOf(
  definitions: readonly SearchParameter[],
  include: Omit<Include, 'param'>,
  otherwise: Problem,
): Checked<readonly Include[]> {
  if (definitions.length === 0) return failed(otherwise);
  return checked(definitions.map(({ code }) => ({ ...include, param: code })));
}

interface Named {
  readonly source: string;
  readonly target: string | undefined;
  readonly definitions: readonly SearchParameter[];
}

function namedParameters(value: string, { parameters }: IncludeContext, name: string): Checked<Named> {
  const [source = '', param = '', target, ...more] = value.split(':');
  if (source === '*') return failed(unsupported(name, `"${name}" must name a type`));
  if (source === '' || param === '' || target === '' || more.length > 0) {
    return failed(invalid(name, `"${name}" must be Type:parameter or Type:parameter:Target`));
  }
  const references = [...(parameters.get(source)?.values() ?? [])].filter(({ kind }) => kind === 'reference');
  const definitions = param === '*' ? references : references.filter(({ code }) => code === param);
  return definitions.length === 0
    ? failed(unsupported(name, `"${name}" names no reference parameter that is served`))
    : checked({ source, target, definitions });
}
