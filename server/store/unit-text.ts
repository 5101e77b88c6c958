import { assert } from '../core/assert.ts';
import { type Unit, unitKinds } from '../record/unit.ts';

/** The inverse of `unitText`. Ids may hold a slash, kinds do not. */
export function parseUnit(text: string): Unit {
  const slash = text.indexOf('/');
  const kind = unitKinds.find((known) => known === text.slice(0, slash));
  assert(kind !== undefined, 'a unit is of a known kind');
  return { kind, id: text.slice(slash + 1) };
}
