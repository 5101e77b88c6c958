import type { Settings } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { IngestParts } from '../ingest/parts.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { ClientRegistry } from '../registry/clients.ts';
import type { PermissionSetRegistry } from '../registry/permission-sets.ts';
import type { TenantRegistry } from '../registry/tenants.ts';
import type { SearchParameters } from '../search/parameters.ts';
import type { Store, TenantStore } from '../store/port.ts';
import { grantTenant } from '../tenancy/grant.ts';
import type { CommonOptions } from './command.ts';

/** Everything that a command works with; `main.ts` puts it together. */
export interface House {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keys: KeyRing;
  readonly store: Store;
  readonly tenants: TenantRegistry;
  readonly clients: ClientRegistry;
  readonly permissionSets: PermissionSetRegistry;
  readonly ingest: IngestParts;
  readonly parameters: SearchParameters;
  /** Name and version: `esr-fhir 1.2.3`. */
  readonly software: string;
  /** Path of the program's entry file, for processes that it starts. */
  readonly entry: string;
  close(): Promise<void>;
}

interface HowToOpen {
  /** Make what is missing. */
  readonly create?: boolean;
  /** Settings that win over the environment's. */
  readonly settings?: object;
  /** Whose time it is; the system's where left out. */
  readonly clock?: Clock;
  /** Requests will be answered: what they wait for is written beside the request thread. */
  readonly serving?: boolean;
}

/** Opens the house of the data folder that the options name. */
export type OpenHouse = (options: CommonOptions, how?: HowToOpen) => Promise<House>;

/** The operator's own door to a tenant's data (the command line is one of the four places that may make a grant). */
export async function operatorStore(house: House, tenant: string): Promise<TenantStore> {
  await house.tenants.get(tenant);
  return house.store.tenant(grantTenant(tenant, 'operator'));
}

/** Runs `work` in the house and closes it, whatever happens. */
export async function inHouse(
  open: OpenHouse,
  options: CommonOptions,
  work: (house: House) => Promise<void>,
): Promise<void> {
  const house = await open(options);
  try {
    await work(house);
  } finally {
    await house.close();
  }
}
