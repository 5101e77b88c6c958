import type { ClientSession } from 'mongoose';
import { type Part, partOf } from './part.ts';
import { type Documents, type Scope, systemCollections, tenantCollections } from './schema.ts';

type PartsOf<Name extends keyof Documents> = { readonly [Each in Name]: Part<Documents[Each]> };

export type TenantParts = PartsOf<(typeof tenantCollections)[number]>;
export type SystemParts = PartsOf<(typeof systemCollections)[number]>;

/** Everything of one tenant. */
export function tenantParts(scope: Scope, session?: ClientSession): TenantParts {
  return partsOf(scope, tenantCollections, session);
}

/** The same with the journal of delivery in the place of the batches'. */
export function deliveryParts(parts: TenantParts): TenantParts {
  return { ...parts, batch: parts.turn, payload: parts.piece };
}

export function systemParts(scope: Scope, session?: ClientSession): SystemParts {
  return partsOf(scope, systemCollections, session);
}

function partsOf<Name extends keyof Documents>(
  scope: Scope,
  names: readonly Name[],
  session: ClientSession | undefined,
): PartsOf<Name> {
  return Object.fromEntries(names.map((name) => [name, partOf(scope, name, session)])) as unknown as PartsOf<Name>;
}
