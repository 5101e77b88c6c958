import { bindFilter } from '../search/bind-filter.ts';
import { searchParameters } from '../search/parameters.ts';
import { type Parameter, parseSearch, unescapeValue } from '../search/parse.ts';

/** Names and kinds of parameters: the same under every canonical base. */
const vocabulary = searchParameters('urn:esr-fhir');

/** Narrowed by their owner already (`subscription-owner.ts`). */
const notGranular: ReadonlySet<string> = new Set(['*', 'Subscription']);

/**
 * The part of a granular scope after `?` (SMART App Launch 2.2, "Finer-grained resource constraints"): plain parameters
 * of the type with values that they can have, all of which a resource must match. Undefined for anything else:
 * modifiers, chains, `_has`, `_filter`, result parameters, unknown ones, a wildcard type. Characters that RFC 6749
 * keeps out of scopes must be percent-encoded.
 */
export function granularParameters(type: string, text: string): readonly Parameter[] | undefined {
  if (notGranular.has(type) || !vocabulary.has(type)) return undefined;
  if (!scopeCharacters.test(text) || text.split('&').includes('')) return undefined;
  const parsed = parseSearch(text);
  if (!parsed.ok) return undefined;
  const context = { parameters: vocabulary, reaches: new Set<string>(), base: '', now: 0 };
  const good = parsed.value.every(
    (parameter) =>
      parameter.key.is === 'plain' && parameter.key.modifier === undefined && bindFilter(parameter, type, context).ok,
  );
  return good ? parsed.value : undefined;
}

const scopeCharacters = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Does whatever matches `asked` match `ceiling`, as far as their words tell: each of its parameters, no value more. */
export function narrows(asked: readonly Parameter[], ceiling: readonly Parameter[]): boolean {
  return ceiling.every((most) =>
    asked.some(
      ({ name, values }) =>
        name === most.name && values.every((value) => most.values.map(unescapeValue).includes(unescapeValue(value))),
    ),
  );
}
