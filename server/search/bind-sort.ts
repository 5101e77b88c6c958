import { limits } from '../core/limits.ts';
import type { SearchParameters } from './parameters.ts';
import { type Checked, checked, failed, invalid, unsupported } from './problem.ts';
import type { IndexKind, Sort, SortField } from './query.ts';

/**
 * What each type of parameter is sorted by (https://hl7.org/fhir/R4/search.html#sort): strings as they are searched,
 * without case and accents; codes by the code, references by `Type/id`, periods by their start, then by their end.
 */
const fields: Readonly<Record<IndexKind, readonly SortField['field'][]>> = {
  token: ['code'],
  string: ['folded'],
  date: ['low', 'high'],
  reference: ['target'],
  uri: ['value'],
};

const last: Readonly<Record<string, Sort['by']>> = { _lastUpdated: 'sequence', _id: 'id' };

/**
 * Binds `_sort=family,-date`. `_lastUpdated` and `_id` leave nothing equal, so that nothing may follow them; where they
 * are not named, the order of `_lastUpdated` settles ties, in the direction of the last key.
 */
export function bindSort(
  values: readonly string[],
  type: string,
  parameters: SearchParameters,
  name: string,
): Checked<Sort> {
  if (values.length > limits.sortParametersMax) {
    return failed(invalid(name, `_sort takes at most ${limits.sortParametersMax} parameters`));
  }
  const keys: SortField[] = [];
  const seen = new Set<string>();
  let descending = false;
  for (const [place, value] of values.entries()) {
    descending = value.startsWith('-');
    const code = descending ? value.slice(1) : value;
    if (seen.has(code)) return failed(invalid(name, '_sort names a parameter twice'));
    seen.add(code);
    const by = Object.hasOwn(last, code) ? last[code] : undefined;
    if (by !== undefined) {
      return place === values.length - 1
        ? checked(sortOf(by, descending, keys))
        : failed(invalid(name, `_sort can have nothing after ${code}, which leaves nothing equal`));
    }
    const { kind, systems } = parameters.get(type)?.get(code) ?? {};
    if (kind === undefined || systems !== undefined) {
      return failed(unsupported(name, `_sort names something that is no search parameter of ${type}`));
    }
    for (const field of fields[kind]) keys.push({ param: code, field, descending });
  }
  return checked(sortOf('sequence', descending, keys));
}

function sortOf(by: Sort['by'], descending: boolean, keys: readonly SortField[]): Sort {
  return keys.length === 0 ? { by, descending } : { by, descending, keys };
}
