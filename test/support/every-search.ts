import { modifiersOf } from '../../server/search/bind-filter.ts';
import type { SearchParameter, SearchParameters } from '../../server/search/parameters.ts';
import { datePrefixes } from '../../server/search/query.ts';

export interface NamedSearch {
  readonly type: string;
  /** The query string, not encoded. */
  readonly query: string;
}

/**
 * Every search that has one filter at the most: each parameter of `served` with each modifier and prefix, in each form
 * that its values have, alone and as one of two; through each chain and `_has`; in each order. Made of the table of
 * parameters, so that a new one needs nothing here.
 */
export function everySearch(served: SearchParameters): readonly NamedSearch[] {
  return [...served].flatMap(([type, ofType]) => {
    const own = [...ofType.values()].flatMap(filtersOf);
    const sorts = [...ofType.keys()].flatMap((code) => [code, `-${code}`]);
    const [first = ''] = ofType.keys();
    return [
      ...[...own, ...metaFilters].flatMap((one) => [one, `${one}&_sort=_id`, `${one}&_sort=-${first}`]),
      ...chains(served, type),
      ...reverseChains(served, type),
      ...['', '_sort=_id', '_sort=-_id', '_sort=_lastUpdated', '_sort=-_lastUpdated'],
      ...sorts.map((sort) => `_sort=${sort}`),
      ...sorts.map((sort) => `_sort=${sort},_id`),
    ].map((query) => ({ type, query }));
  });
}

const metaFilters: readonly string[] = [
  ...['_id=a', '_id=a,b', '_id:not=a'],
  ...datePrefixes.map((prefix) => `_lastUpdated=${prefix}2026-01-01`),
];

function filtersOf(parameter: SearchParameter): readonly string[] {
  return ['', ...modifiersOf(parameter)].flatMap((modifier) => {
    const name = modifier === '' ? parameter.code : `${parameter.code}:${modifier}`;
    const values = valuesOf(parameter, modifier);
    const several = values.length > 1 && modifier !== 'missing' ? [values.join(',')] : [];
    return [...values, ...several].map((value) => `${name}=${value}`);
  });
}

function valuesOf({ kind, of, system, targets }: SearchParameter, modifier: string): readonly string[] {
  if (modifier === 'missing') return ['true', 'false'];
  if (modifier === 'text') return ['one', 'two'];
  if (modifier === 'of-type') return ['urn:s|t|7', 'urn:s|t|8'];
  if (modifier === 'identifier') return ['7', 'urn:s|7', '|7', 'urn:s|'];
  if (targets.includes(modifier)) return ['a', 'b'];
  switch (kind) {
    case 'date':
      return datePrefixes.map((prefix) => `${prefix}2026-01-01`);
    case 'reference':
      return ['a', ...targets.map((target) => `${target}/a`), 'https://elsewhere.example/Practitioner/a'];
    case 'string':
      return ['one', 'two'];
    case 'uri':
      return ['https://a.example', 'https://b.example'];
    case 'token':
      if (of === 'boolean') return ['true', 'false'];
      if (of === 'code') return system === undefined ? ['a', 'b'] : ['a', `${system}|a`, `${system}|`, 'urn:other|a'];
      // The last one is a GMC number, which has two spellings.
      return ['7', 'urn:s|7', '|7', 'urn:s|', 'C1234567'];
  }
}

/** Of one step, with a filter of each kind behind it, and of two. */
function chains(served: SearchParameters, type: string): readonly string[] {
  return referencesOf(served, type).flatMap(({ code, targets }) =>
    targets.flatMap((target) => [
      ...onePerKind(served, target).map((filter) => `${code}:${target}.${filter}`),
      ...referencesOf(served, target).map((next) => `${code}.${next.code}._id=a`),
    ]),
  );
}

function reverseChains(served: SearchParameters, type: string): readonly string[] {
  return [...served.keys()].flatMap((source) =>
    referencesOf(served, source)
      .filter(({ targets }) => targets.includes(type))
      .flatMap(({ code }) => onePerKind(served, source).map((filter) => `_has:${source}:${code}:${filter}`)),
  );
}

function onePerKind(served: SearchParameters, type: string): readonly string[] {
  const kinds = new Map([...(served.get(type)?.values() ?? [])].map((parameter) => [parameter.kind, parameter]));
  return [...kinds.values()].flatMap((parameter) => filtersOf(parameter).slice(0, 1));
}

function referencesOf(served: SearchParameters, type: string): readonly SearchParameter[] {
  return [...(served.get(type)?.values() ?? [])].filter(
    ({ kind, targets }) => kind === 'reference' && targets.some((target) => served.has(target)),
  );
}
