import { AppError } from '../core/error.ts';
import { bindSearch } from '../search/bind.ts';
import type { SearchParameters } from '../search/parameters.ts';
import { parseSearch } from '../search/parse.ts';
import type { Predicate } from '../search/query.ts';

/** Plain R4 criteria (https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.criteria), bound. */
export interface Criteria {
  readonly is: 'criteria';
  /** As written. */
  readonly text: string;
  readonly type: string;
  readonly where: Predicate;
  /** Types that chains and `_has` look into. */
  readonly reaches: readonly string[];
}

interface CriteriaContext {
  readonly parameters: SearchParameters;
  readonly contract: string;
  readonly base: string;
}

/** Client-owned resources notify nobody of each other. */
const notWatched: ReadonlySet<string> = new Set(['Subscription']);

/** Parameters that ask for a page, an order or a part mean nothing to a subscription. */
const resultParameter = /(?:^|&)_(?:count|sort|total|summary|elements|include|revinclude|contained)/;

/** `Type?parameter=value…` as a search of this base. Throws `unprocessable`, saying what is not offered. */
export function parseCriteria(text: string, { parameters, contract, base }: CriteriaContext): Criteria {
  const mark = text.indexOf('?');
  const type = mark === -1 ? text : text.slice(0, mark);
  const query = mark === -1 ? '' : text.slice(mark + 1);
  if (!parameters.has(type) || notWatched.has(type)) throw refused('criteria name a topic or a type that is published');
  if (resultParameter.test(query)) throw refused('criteria hold filters alone, no parameters of a result');
  const parsed = parseSearch(query);
  const bound = parsed.ok
    ? bindSearch(parsed.value, { parameters, contract, type, base, lenient: false, now: 0 })
    : parsed;
  if (!bound.ok) throw refused(`criteria: ${bound.problems.map(({ message }) => message).join('; ')}`);
  return { is: 'criteria', text, type, where: bound.value.query.where, reaches: bound.value.reaches };
}

function refused(message: string): AppError {
  return new AppError('unprocessable', message, { expression: 'Subscription.criteria' });
}
