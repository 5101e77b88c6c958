/** FHIR R4 search, date prefixes (https://hl7.org/fhir/R4/search.html#prefix), against the instant of an entry. */

/** Half-open range [low, high) in epoch milliseconds that a date covers; undefined for what is no date. */
export type DateParser = (text: string) => { readonly low: number; readonly high: number } | undefined;

/** The stretches of time in which an entry matches, as half-open ranges [from, to) in epoch milliseconds. */
export type DateCriterion = readonly (readonly [from: number, to: number])[];

const past = Number.NEGATIVE_INFINITY;
const future = Number.POSITIVE_INFINITY;

/** Undefined where `value` is no date. An entry is an instant, so `gt` and `sa` agree, as do `lt` and `eb`. */
export function dateCriterion(value: string, parse: DateParser): DateCriterion | undefined {
  const [, prefix = 'eq', date = ''] = /^(eq|ne|gt|lt|ge|le|sa|eb)?(.*)$/.exec(value) ?? [];
  const range = parse(date);
  if (range === undefined) return undefined;
  switch (prefix) {
    case 'ne':
      return [
        [past, range.low],
        [range.high, future],
      ];
    case 'gt':
    case 'sa':
      return [[range.high, future]];
    case 'ge':
      return [[range.low, future]];
    case 'lt':
    case 'eb':
      return [[past, range.low]];
    case 'le':
      return [[past, range.high]];
    default:
      return [[range.low, range.high]];
  }
}
