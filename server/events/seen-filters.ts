import { bindFilter } from '../search/bind-filter.ts';
import { parseSearch } from '../search/parse.ts';
import type { Predicate } from '../search/query.ts';
import type { Sight } from '../visibility/sight.ts';
import { type KeptEvent, typeOf } from './shown-to.ts';
import type { Terms } from './terms.ts';
import type { Filter } from './topic-filter.ts';

/** By which of its parameters a role that is seen leads to what an event is about. */
const leadsTo: Readonly<Record<string, string>> = { Practitioner: 'practitioner', Basic: 'position' };

/**
 * Do the filters of a subscription hold by what its client sees? An event's own values name where somebody was before
 * and every role of a person: to a client of part of the rows a match by one that it does not see would tell of it. So
 * a role must be seen that fulfils them all; of an organisation, the ones that are named.
 */
export async function filtersHold(
  { to }: Pick<Terms, 'to'>,
  { data }: KeptEvent,
  sight: Sight,
  contract: string,
): Promise<boolean> {
  const { focus } = data;
  if (to.is !== 'topic' || to.filters.length === 0 || focus === undefined || sight.allRows) return true;
  const [type, id = ''] = [typeOf(focus.reference), focus.reference.slice(focus.reference.indexOf('/') + 1)];
  if (type === 'Organization') return namedAreSeen(to.filters, sight, contract);
  const by = leadsTo[type];
  const about: Predicate =
    by === undefined ? { is: 'id', ids: [id] } : { is: 'reference', param: by, targets: [focus.reference] };
  const where: Predicate = { is: 'and', of: [about, ...to.filters.map((filter) => condition(filter, sight))] };
  const sort = { by: 'id', descending: false } as const;
  const query = { contract, type: 'PractitionerRole', where, sort, count: 1, total: false };
  return (await sight.resources.search(query)).matches.length > 0;
}

/** A filter of a topic is a search parameter of roles. */
function condition({ name, values }: Filter, { parameters }: Sight): Predicate {
  const parsed = parseSearch(`${name}=${values.map(encodeURIComponent).join(',')}`);
  const [parameter] = parsed.ok ? parsed.value : [];
  if (parameter === undefined) return { is: 'none' };
  const bound = bindFilter(parameter, 'PractitionerRole', { parameters, reaches: new Set(), base: '', now: 0 });
  return bound.ok ? bound.value : { is: 'none' };
}

async function namedAreSeen(filters: readonly Filter[], { resources }: Sight, contract: string): Promise<boolean> {
  const ids = filters.flatMap(({ values }) => values.map((value) => value.slice(value.indexOf('/') + 1)));
  const keys = [...new Set(ids)].map((id) => ({ contract, type: 'Organization', id }));
  return (await resources.readMany(keys)).length === keys.length;
}
