import type { Sight } from '../visibility/sight.ts';

/** What is looked at of a kept CloudEvent (`topics/domain-event.ts`). */
export interface KeptEvent {
  readonly type: string;
  readonly data: {
    readonly contract?: string;
    readonly focus?: { readonly reference: string; readonly version: number };
    readonly changed?: readonly string[];
  };
}

/** Type of an event's focus and the element names that changed, as far as a viewer's mask leaves them. */
type Masked = Pick<Sight, 'hidden' | 'allRows'>;

/**
 * May a viewer who sees its resource be told that it changed? Not where nothing but masked elements did: the telling
 * alone would say that they are there.
 */
export function isToldOf({ type, data }: KeptEvent, sight: Masked): boolean {
  const { changed, focus } = data;
  const { hidden } = sight;
  // Who holds a position is no element of it: the holder may be somebody who is not seen.
  if (type === 'position-updated' && changed?.join() === 'holders' && !sight.allRows) return false;
  if (hidden === undefined || changed === undefined || changed.length === 0 || focus === undefined) return true;
  const masked = hidden(typeOf(focus.reference));
  // Its numbers stand among the identifiers, which are masked in part.
  const own = type === 'registration-changed' ? changed.filter((name) => name !== 'identifier') : changed;
  return own.length === 0 ? !masked.has('qualification') : own.some((name) => !isMasked(masked, name));
}

/** Extensions of ours are named without their prefix where they changed. */
function isMasked(masked: ReadonlySet<string>, name: string): boolean {
  return masked.has(name) || masked.has(`extension:${name}`);
}

/**
 * The event as a viewer may have it: whoever has masked elements learns neither their names nor the facts around them,
 * and whoever sees part of the rows neither facts that may be of others (where somebody was before, who holds a
 * position, how many rows a file had); of another contract's version no number, which would be of another resource's
 * history.
 */
export function shownTo<T extends KeptEvent>(event: T, sight: Masked, contract: string): T {
  const { hidden } = sight;
  const data = sight.allRows ? event.data : withoutOthers(event.data);
  const { focus, changed } = data;
  const foreign = data.contract !== undefined && data.contract !== contract;
  const masked = focus === undefined ? undefined : hidden?.(typeOf(focus.reference));
  if (!foreign && (masked === undefined || masked.size === 0)) return data === event.data ? event : { ...event, data };
  const narrowed =
    masked === undefined || masked.size === 0
      ? {}
      : { before: null, after: null, ...(changed && { changed: changed.filter((name) => !isMasked(masked, name)) }) };
  const elsewhere = foreign && focus !== undefined ? { contract, focus: { reference: focus.reference } } : {};
  return { ...event, data: { ...data, ...narrowed, ...elsewhere } };
}

/** What a file brought is counted over everybody; facts and filters name what a resource was, and others around it. */
const ofOthers: ReadonlySet<string> = new Set([
  ...['rows', 'quarantined', 'created', 'changed', 'removed', 'reason'],
  ...['record', 'line', 'field', 'message'],
]);

function withoutOthers<T extends KeptEvent['data']>(data: T): T {
  if (data.focus !== undefined) return { ...data, filters: {}, before: null, after: null };
  return Object.fromEntries(Object.entries(data).filter(([name]) => !ofOthers.has(name))) as T;
}

/** `Type` of `Type/id`. */
export function typeOf(reference: string): string {
  return reference.slice(0, reference.indexOf('/'));
}
