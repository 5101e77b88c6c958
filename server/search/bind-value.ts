import { dateRange } from './date-range.ts';
import { fold } from './fold.ts';
import { gmcDigits, gmcSystems, isGmcSystem } from './gmc.ts';
import { ofTypeCode } from './of-type.ts';
import type { SearchParameter } from './parameters.ts';
import { splitUnescaped, unescapeValue } from './parse.ts';
import { type DatePrefix, datePrefixes, type Predicate } from './query.ts';

/** What is known while values are bound. */
export interface ValueContext {
  /** The own FHIR base, without a trailing slash: absolute references below it are local. */
  readonly base: string;
  /** Epoch milliseconds, for `ap`. */
  readonly now: number;
}

/** Undefined where the value is not of the parameter's type. */
export type BindValue = (param: string, value: string, context: ValueContext) => Predicate | undefined;

const none: Predicate = { is: 'none' };

/** `[system]|[code]`: https://hl7.org/fhir/R4/search.html#token */
export function token(parameter: SearchParameter, param: string, value: string): Predicate | undefined {
  const parts = splitUnescaped(value, '|').map(unescapeValue);
  if (parts.length > 2) return undefined;
  const [first = '', second] = parts;
  const system = second === undefined ? undefined : first === '' ? null : first;
  const code = second === undefined ? first : second === '' ? undefined : second;
  if (code === undefined && typeof system !== 'string') return undefined;
  if (parameter.systems !== undefined) {
    if (typeof system !== 'string') return undefined;
    if (!parameter.systems.some((start) => system.startsWith(start))) return none;
  }
  if (parameter.of === 'boolean' && code !== 'true' && code !== 'false') return undefined;
  if (parameter.of === 'boolean' || parameter.of === 'code') return boundCode(parameter, param, system, code);
  if (parameter.of === 'ContactPoint') return tokenOf(param, system, code?.toLowerCase());
  return parameter.of === 'CodeableConcept' ? tokenOf(param, system, code) : identifierToken(param, system, code);
}

/** A code and a boolean have their system by definition: naming it changes nothing, naming another finds nothing. */
function boundCode(
  parameter: SearchParameter,
  param: string,
  system: string | null | undefined,
  code: string | undefined,
): Predicate {
  const implied =
    parameter.of === 'boolean' ? 'http://terminology.hl7.org/CodeSystem/special-values' : parameter.system;
  if (typeof system === 'string' && system !== implied) return none;
  return code === undefined ? { is: 'not', of: { is: 'missing', param } } : { is: 'token', param, code };
}

/** An identifier; a GMC number may be written with its `C` (meaning.md, Published fields). */
export function identifierToken(param: string, system: string | null | undefined, code: string | undefined): Predicate {
  const digits = code === undefined ? undefined : gmcDigits(code);
  if (digits === undefined) return tokenOf(param, system, code);
  if (isGmcSystem(system)) return tokenOf(param, system, digits);
  if (system !== undefined) return tokenOf(param, system, code);
  return { is: 'or', of: [tokenOf(param, undefined, code), ...gmcSystems.map((gmc) => tokenOf(param, gmc, digits))] };
}

/** `:of-type`: `system|code` of the identifier's type and `|value`, all three needed. */
export const ofType: BindValue = (param, raw) => {
  const [system = '', code = '', value = '', ...more] = splitUnescaped(raw, '|').map(unescapeValue);
  if (system === '' || code === '' || value === '' || more.length > 0) return undefined;
  const spellings = [...new Set([value, gmcDigits(value) ?? value])];
  const of = spellings.map((one) => tokenOf(`${param}:of-type`, system, ofTypeCode(code, one)));
  return of.length > 1 ? { is: 'or', of } : of[0];
};

function tokenOf(param: string, system: string | null | undefined, code: string | undefined): Predicate {
  return {
    is: 'token',
    param,
    ...(system === undefined ? {} : { system }),
    ...(code === undefined ? {} : { code }),
  };
}

/** https://hl7.org/fhir/R4/search.html#string */
export function string(match: 'prefix' | 'contains' | 'exact'): BindValue {
  return (param, raw) => {
    const text = unescapeValue(raw);
    const value = match === 'exact' ? text : fold(text);
    return value === '' ? undefined : { is: 'string', param, match, value };
  };
}

/** A prefix and a date: https://hl7.org/fhir/R4/search.html#date. `ap` is widened by 10 % of the distance from now. */
export function prefixedRange(
  raw: string,
  now: number,
): { readonly prefix: DatePrefix; readonly low: number; readonly high: number } | undefined {
  const lead = raw.slice(0, 2);
  const prefix = datePrefixes.find((known) => known === lead);
  // The `+` of a zone that nobody percent-encoded arrives as a space.
  const range = dateRange((prefix === undefined ? raw : raw.slice(2)).replace(' ', '+'));
  if (range === undefined) return undefined;
  if (prefix !== 'ap') return { prefix: prefix ?? 'eq', low: range.low, high: range.high };
  const gap = Math.round(Math.abs(now - range.low) / 10);
  return { prefix, low: range.low - gap, high: range.high + gap };
}

export const date: BindValue = (param, raw, { now }) => {
  const range = prefixedRange(unescapeValue(raw), now);
  return range === undefined ? undefined : { is: 'date', param, ...range };
};

const idGrammar = /^[A-Za-z0-9.-]{1,64}$/;
const typeGrammar = /^[A-Z][A-Za-z]+$/;

export function isResourceId(text: string): boolean {
  return idGrammar.test(text);
}

/**
 * `id`, `Type/id` or an absolute URL: https://hl7.org/fhir/R4/search.html#reference. An absolute URL elsewhere, another
 * tenant's base included, is nobody we know. `types`: what the reference may point at.
 */
export function reference(types: readonly string[]): BindValue {
  return (param, raw, { base }) => {
    const text = unescapeValue(raw);
    if (isResourceId(text)) return { is: 'reference', param, targets: types.map((type) => `${type}/${text}`) };
    const local = text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text;
    const [type = '', id = '', ...more] = local.split('/');
    if (more.length === 0 && typeGrammar.test(type) && isResourceId(id)) {
      return types.includes(type) ? { is: 'reference', param, targets: [local] } : none;
    }
    return /^(https?|urn):/.test(text) ? none : undefined;
  };
}
