import type { Placed } from '../../server/search/match.ts';
import type { SearchParameter, SearchParameters } from '../../server/search/parameters.ts';
import { datePrefixes, type IndexEntry } from '../../server/search/query.ts';
import { type Dice, dice } from './dice.ts';
import { dateValue, sampled, valueFor } from './random-search-value.ts';

/** A search as a client writes it, and what of the grammar it uses. */
export interface RandomSearch {
  readonly type: string;
  /** Percent-encoded, without `?`. */
  readonly query: string;
  readonly uses: readonly string[];
}

interface Filter {
  readonly name: string;
  readonly value: string;
  readonly uses: readonly string[];
}

const modifiers: Readonly<Record<string, readonly string[]>> = {
  token: ['', 'not', 'missing'],
  string: ['', 'exact', 'contains', 'missing'],
  date: ['missing', ...datePrefixes],
  reference: ['', 'Type', 'identifier', 'missing'],
};

/** All that a parameter can be asked by; of dates, the prefixes as well. */
function formsOf({ kind, of }: SearchParameter): readonly string[] {
  const more = of === 'CodeableConcept' ? ['text'] : of === 'Identifier' ? ['text', 'of-type'] : [];
  return [...(modifiers[kind] ?? []), ...more];
}

const reachable: readonly (readonly [steps: string, uses: string])[] = [
  ['chain', 'chain 1'],
  ['chain chain', 'chain 2'],
  ['chain chain chain', 'chain 3'],
  ['has', '_has 1'],
  ['has has', '_has 2'],
  ['has chain', '_has to chain'],
  ['chain has', 'chain to _has'],
];

const updatedForms = datePrefixes.map((prefix) => `_lastUpdated ${prefix}`);

/**
 * Makes searches that go through every parameter, form, prefix, chain and sort of `served` in turn, each with other
 * filters at random. Values are taken from `resources`, so that most searches find something.
 */
export function randomSearches(
  served: SearchParameters,
  resources: readonly Placed[],
  seed: number,
): { readonly all: readonly string[]; readonly nth: (n: number) => RandomSearch } {
  // Clients make Subscriptions, and the directory has none.
  const parameters = new Map([...served].filter(([name]) => resources.some(({ type }) => type === name)));
  const every = [...parameters].flatMap(([type, ofType]) =>
    [...ofType.values()].flatMap((parameter) => formsOf(parameter).map((form) => ({ type, parameter, form }))),
  );
  const sorts = [...parameters].flatMap(([type, ofType]) => [...ofType.keys()].map((code) => `_sort ${type}.${code}`));
  const maker = filterMaker(parameters, resources);
  const all = [
    ...every.map(({ type, parameter, form }) => `${type}.${parameter.code} ${form}`),
    ...sorts,
    ...['_sort ascending', '_sort descending', '_sort several', '_sort then _id', '_sort then _lastUpdated'],
    ...reachable.map(([, uses]) => uses),
    ...updatedForms,
    '_id ',
    '_id not',
  ];
  const nth = (n: number): RandomSearch => {
    const random = dice(seed + n);
    const { type, parameter, form } = every[n % every.length] ?? { type: '', form: '' };
    const filters = parameter === undefined ? [] : [maker.plain(random, parameter, form, type)];
    if (n % 3 === 0) filters.push(maker.path(random, type, reachable[(n / 3) % reachable.length] ?? ['', '']));
    if (n % 3 === 1) filters.push(maker.meta(random, type, Math.floor(n / 3)));
    while (random.chance(0.25)) filters.push(maker.any(random, type));
    const sort = sorting(random, [...(parameters.get(type)?.keys() ?? [])], type, n);
    const pairs = [...filters, ...sort].map(({ name, value }) => `${name}=${encodeURIComponent(value)}`);
    return { type, query: pairs.join('&'), uses: [...filters, ...sort].flatMap(({ uses }) => uses) };
  };
  return { all, nth };
}

function sorting(random: Dice, codes: readonly string[], type: string, n: number): readonly Filter[] {
  if (n % 5 === 4) return [];
  const chosen = [...new Set([codes[Math.floor(n / 3) % codes.length] ?? '', ...random.some(codes, 2)])];
  const last = random.pick(['', '', '_id', '_lastUpdated']);
  const signed = [...chosen, ...(last === '' ? [] : [last])].map((code) => (random.chance(0.5) ? `-${code}` : code));
  const uses = [
    ...chosen.map((code) => `_sort ${type}.${code}`),
    ...signed.map((code) => `_sort ${code.startsWith('-') ? 'descending' : 'ascending'}`),
    ...(chosen.length > 1 ? ['_sort several'] : []),
    ...(last === '' ? [] : [`_sort then ${last}`]),
  ];
  return [{ name: '_sort', value: signed.join(','), uses }];
}

function filterMaker(parameters: SearchParameters, resources: readonly Placed[]) {
  const { ofType, sample } = sampler(resources);
  const { references, referring } = referenceGraph(parameters);

  const plain = (random: Dice, parameter: SearchParameter, form: string, type: string): Filter => {
    const { code } = parameter;
    const uses = [`${type}.${code} ${form}`];
    const prefix = datePrefixes.find((one) => one === form);
    const many = form !== 'missing' && random.chance(0.3) ? 2 : 1;
    const values = Array.from({ length: many }, () =>
      prefix === undefined
        ? valueFor(random, parameter, form, sample(random, type, sampled(code, form)))
        : dateValue(random, prefix, sample(random, type, code)),
    );
    const modifier = form === 'Type' ? (parameter.targets[0] ?? '') : prefix === undefined ? form : '';
    return { name: modifier === '' ? code : `${code}:${modifier}`, value: values.join(','), uses };
  };

  const any = (random: Dice, type: string): Filter => {
    const parameter = random.pick([...(parameters.get(type)?.values() ?? [])]);
    return plain(random, parameter, random.pick(formsOf(parameter)), type);
  };

  /** Follows `steps` as far as types allow; what it could not follow it does not claim. */
  const path = (random: Dice, from: string, [steps, uses]: readonly [string, string]): Filter => {
    let type = from;
    const names: string[] = [];
    for (const step of steps.split(' ')) {
      if (step === 'chain') {
        const open = references(type).filter((one) => names.length > 0 || steps === 'chain' || deep(one.targets[0]));
        if (open.length === 0) return any(random, from);
        const { code, targets } = random.pick(open);
        names.push(random.chance(0.3) ? `${code}:${targets[0]}.` : `${code}.`);
        type = targets[0] ?? '';
      } else {
        const open = referring(type);
        if (open.length === 0) return any(random, from);
        const { source, code } = random.pick(open);
        names.push(`_has:${source}:${code}:`);
        type = source;
      }
    }
    const end = any(random, type);
    return { name: `${names.join('')}${end.name}`, value: end.value, uses: [uses] };
  };
  const deep = (type: string | undefined) => type !== undefined && references(type).length > 0;

  const meta = (random: Dice, type: string, n: number): Filter => {
    const { id, at } = random.pick(ofType(type));
    if (n % 5 === 0) {
      const form = n % 2 === 0 ? '' : 'not';
      return { name: form === '' ? '_id' : '_id:not', value: `${id},nobody`, uses: [`_id ${form}`] };
    }
    const prefix = datePrefixes[n % datePrefixes.length] ?? 'eq';
    const text = new Date(at).toISOString();
    const value = `${prefix}${random.pick([text, text.slice(0, 19).concat('Z'), text.slice(0, 10)])}`;
    return { name: '_lastUpdated', value, uses: [`_lastUpdated ${prefix}`] };
  };
  return { plain, any, path, meta };
}

function sampler(resources: readonly Placed[]) {
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const remembered = new Map<string, readonly IndexEntry[]>();
  const sample = (random: Dice, type: string, param: string): IndexEntry | undefined => {
    const key = `${type} ${param}`;
    const entries =
      remembered.get(key) ?? ofType(type).flatMap(({ index }) => index.filter((entry) => entry.param === param));
    remembered.set(key, entries);
    return entries.length === 0 ? undefined : random.pick(entries);
  };
  return { ofType, sample };
}

function referenceGraph(parameters: SearchParameters) {
  const references = (type: string) =>
    [...(parameters.get(type)?.values() ?? [])].filter(
      ({ kind, targets }) => kind === 'reference' && targets.some((target) => parameters.has(target)),
    );
  const referring = (type: string) =>
    [...parameters].flatMap(([source, ofSource]) =>
      [...ofSource.values()]
        .filter(({ kind, targets }) => kind === 'reference' && targets.includes(type))
        .map(({ code }) => ({ source, code })),
    );
  return { references, referring };
}
