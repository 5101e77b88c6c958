import { limits } from '../core/limits.ts';
import { type Checked, checked, failed, invalid } from './problem.ts';

/** One parameter of a search (https://hl7.org/fhir/R4/search.html), taken apart but not yet understood. */
export interface Parameter {
  /** As written, percent-decoded. */
  readonly name: string;
  readonly key: ParameterKey;
  /** The OR-ed alternatives; escapes (`\,` `\|` `\$` `\\`) are still in place. */
  readonly values: readonly string[];
}

export type ParameterKey =
  | { readonly is: 'plain'; readonly param: string; readonly modifier: string | undefined }
  /** `param:type.next` */
  | { readonly is: 'chain'; readonly param: string; readonly type: string | undefined; readonly next: ParameterKey }
  /** `_has:type:param:next` */
  | { readonly is: 'has'; readonly type: string; readonly param: string; readonly next: ParameterKey };

/** Parses a raw query string (without `?`) or an `application/x-www-form-urlencoded` body. */
export function parseSearch(raw: string): Checked<readonly Parameter[]> {
  const parameters: Parameter[] = [];
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) {
      return failed(invalid(name ?? 'query', 'a parameter is not valid percent-encoded UTF-8'));
    }
    const shown = name.slice(0, 100);
    // No FHIR string holds it (https://hl7.org/fhir/R4/datatypes.html#string), nor does every store take it.
    if (value.includes('\0')) return failed(invalid('query', 'a parameter holds a null character'));
    const key = parseKey(name);
    if (key === undefined) return failed(invalid(shown, `"${shown}" is not the name of a search parameter`));
    const values = splitUnescaped(value, ',');
    if (values.length > limits.searchValuesPerParameterMax) {
      return failed(invalid(shown, `"${shown}" has more than ${limits.searchValuesPerParameterMax} values`));
    }
    if (values.includes('')) return failed(invalid(shown, `"${shown}" has an empty value`));
    parameters.push({ name, key, values });
    if (parameters.length > limits.searchParametersMax) {
      return failed(invalid('query', `a search has at most ${limits.searchParametersMax} parameters`));
    }
  }
  return checked(parameters);
}

const nameGrammar = /^_?[A-Za-z][A-Za-z0-9-]*$/;
const modifierGrammar = /^[A-Za-z][A-Za-z-]*$/;

function parseKey(text: string): ParameterKey | undefined {
  if (text.startsWith('_has:')) {
    const [, type = '', param = '', ...rest] = text.split(':');
    const next = parseKey(rest.join(':'));
    return modifierGrammar.test(type) && nameGrammar.test(param) && next !== undefined
      ? { is: 'has', type, param, next }
      : undefined;
  }
  const dot = text.indexOf('.');
  const [param = '', modifier, ...more] = (dot < 0 ? text : text.slice(0, dot)).split(':');
  if (!nameGrammar.test(param) || more.length > 0) return undefined;
  if (modifier !== undefined && !modifierGrammar.test(modifier)) return undefined;
  if (dot < 0) return { is: 'plain', param, modifier };
  const next = parseKey(text.slice(dot + 1));
  return next === undefined ? undefined : { is: 'chain', param, type: modifier, next };
}

/** Splits at `separator` where no backslash stands before it. */
export function splitUnescaped(text: string, separator: string): readonly string[] {
  if (!text.includes('\\')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Takes the backslashes of `\,` `\|` `\$` `\\` away; any other backslash is text. */
export function unescapeValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,|$\\])/g, '$1') : text;
}

function decode(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
