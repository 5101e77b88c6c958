/**
 * The query tree: what a search means once parsed and bound, and all that a store ever sees of it.
 * Adapters compile it; `match.ts` evaluates it in memory; both must agree.
 */
export interface Query {
  readonly contract: string;
  readonly type: string;
  readonly where: Predicate;
  readonly sort: Sort;
  /** Keyset cursor: the values after which the page begins. */
  readonly after?: SortKey;
  /** Resources on the page, ≥ 0; 0 asks for the count alone. */
  readonly count: number;
  readonly total: boolean;
}

/**
 * The total order of a search. `sequence` is the order of `_lastUpdated`: batch times never fall as sequence numbers
 * rise; ties by id, in the same direction. `keys` come first, `by` settles what they leave equal.
 */
export interface Sort {
  readonly by: 'sequence' | 'id';
  readonly descending: boolean;
  /** Values of indexed parameters, the most significant first. */
  readonly keys?: readonly SortField[];
}

/**
 * One field of a parameter's index entries. Of several entries the least counts, descending the greatest. Text is
 * compared by code point, numbers by value. A resource without an entry comes last, in either direction: R4 says
 * nothing of it, and whoever sorts wants to see values first.
 */
export interface SortField {
  readonly param: string;
  readonly field: 'code' | 'folded' | 'low' | 'high' | 'target' | 'value';
  readonly descending: boolean;
}

/** Where a resource stands in an order. */
export interface SortKey {
  readonly sequence: number;
  readonly id: string;
  /** One for each of the sort's `keys`, where it has any; null = no entry. */
  readonly values?: readonly SortValue[];
}

export type SortValue = string | number | null;

export type Predicate =
  | { readonly is: 'all' }
  | { readonly is: 'none' }
  | { readonly is: 'and'; readonly of: readonly Predicate[] }
  | { readonly is: 'or'; readonly of: readonly Predicate[] }
  | { readonly is: 'not'; readonly of: Predicate }
  | { readonly is: 'id'; readonly ids: readonly string[] }
  | TokenPredicate
  | StringPredicate
  | DatePredicate
  | ReferencePredicate
  | { readonly is: 'uri'; readonly param: string; readonly value: string }
  | { readonly is: 'missing'; readonly param: string }
  | { readonly is: 'lastUpdated'; readonly prefix: DatePrefix; readonly low: number; readonly high: number }
  | { readonly is: 'chain'; readonly param: string; readonly type: string; readonly where: Predicate }
  | { readonly is: 'has'; readonly type: string; readonly param: string; readonly where: Predicate };

/**
 * `code` → any system; `system|code`; `|code` → `system: null`; `system|` → no code.
 * A token of a reference's own `identifier` is indexed under the parameter `name:identifier`.
 */
export interface TokenPredicate {
  readonly is: 'token';
  readonly param: string;
  readonly system?: string | null;
  readonly code?: string;
}

/** `value` is folded (`fold.ts`) for `prefix` and `contains`, verbatim for `exact`. */
export interface StringPredicate {
  readonly is: 'string';
  readonly param: string;
  readonly match: 'prefix' | 'contains' | 'exact';
  readonly value: string;
}

export const datePrefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type DatePrefix = (typeof datePrefixes)[number];

/** The search value as the half-open range [low, high) in epoch milliseconds; a date is its UTC calendar day. */
export interface DatePredicate {
  readonly is: 'date';
  readonly param: string;
  readonly prefix: DatePrefix;
  readonly low: number;
  readonly high: number;
}

/** `targets` are `Type/id`; any of them. */
export interface ReferencePredicate {
  readonly is: 'reference';
  readonly param: string;
  readonly targets: readonly string[];
}

/** One value of one parameter of one resource version, made by `extract.ts` and stored in the same batch. */
export type IndexEntry =
  | { readonly param: string; readonly kind: 'token'; readonly system: string | null; readonly code: string }
  | { readonly param: string; readonly kind: 'string'; readonly value: string; readonly folded: string }
  | { readonly param: string; readonly kind: 'date'; readonly low: number; readonly high: number }
  | { readonly param: string; readonly kind: 'reference'; readonly target: string }
  | { readonly param: string; readonly kind: 'uri'; readonly value: string };

/** Open ends of a period, as epoch milliseconds. */
export const beginningOfTime = -8_640_000_000_000_000;
export const endOfTime = 8_640_000_000_000_000;

export type IndexKind = IndexEntry['kind'];

/** A parameter that the store keeps an index of. `multiple`: a resource may have several values. */
export interface IndexedParameter {
  readonly param: string;
  readonly kind: IndexKind;
  readonly multiple: boolean;
}

/** By resource type. */
export type IndexSchema = Readonly<Record<string, readonly IndexedParameter[]>>;
