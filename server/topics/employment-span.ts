/** The days of one role, inclusive; `end` null: none stated. */
export interface EmploymentSpan {
  /** Id of the PractitionerRole. */
  readonly role: string;
  readonly start: string;
  readonly end: string | null;
}

/**
 * The role that ends last, where every one has an end; null where one has none or there are none. Of several that end
 * on the same day the one that was announced before, else the first.
 */
export function lastOf(
  spans: readonly EmploymentSpan[],
  announced?: string,
): (EmploymentSpan & { readonly end: string }) | null {
  let last: (EmploymentSpan & { readonly end: string }) | null = null;
  for (const span of spans) {
    const { end } = span;
    if (end === null) return null;
    if (last === null || end > last.end || (end === last.end && span.role === announced)) last = { ...span, end };
  }
  return last;
}
