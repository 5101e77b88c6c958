import type { IsolationModel } from '../tenancy/tenant.ts';

/** Where adapters differ, by name. A test that an adapter cannot prove names the capability that it lacks. */
export interface Capabilities {
  readonly name: string;
  readonly isolationModels: readonly IsolationModel[];
  /** Readers never see half a batch. */
  readonly atomicReads: boolean;
  /** Several machines may share the store. */
  readonly severalMachines: boolean;
}
