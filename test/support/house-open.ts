import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { House } from '../../server/cli/house.ts';
import type { FileReport } from '../../server/ingest/parts.ts';
import { ingestFile } from '../../server/ingest/run.ts';
import { openHouse } from '../../server/main.ts';
import type { TenantStore } from '../../server/store/port.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import type { IsolationModel } from '../../server/tenancy/tenant.ts';
import { removeStore, storeSetting } from './store-under-test.ts';

/** A tenant document as `tenant apply` takes it. */
export interface TenantDocument {
  readonly id: string;
  readonly name: string;
  readonly ods: readonly string[];
  readonly vpds: readonly string[];
  readonly isolation?: IsolationModel;
  readonly settings?: object;
  readonly csvProfiles?: readonly object[];
}

/** Two trusts that do not exist. */
export const trustX: TenantDocument = { id: 'rxx', name: 'Example Trust', ods: ['RXX'], vpds: ['277'] };
export const trustY: TenantDocument = { id: 'ryy', name: 'Other Trust', ods: ['RYY'], vpds: ['431'] };

/** The house as `main.ts` composes it, over a data folder of its own, in this process. */
export interface TestHouse {
  readonly house: House;
  readonly data: string;
  /** Turns the clock; of a house that was opened without a time it stays the system's. */
  setTime(at: string): void;
  store(tenant: string): TenantStore;
  /** Ingests bytes under a name, as if the command line brought them. */
  ingest(name: string, bytes: string | Uint8Array, tenant?: string): Promise<readonly FileReport[]>;
  close(): Promise<void>;
}

/**
 * @param at ISO 8601; left out: the system's clock, which tokens need
 * @param settings that win over those of tests
 * @param folder an existing data folder, which stays; left out: a new one, which goes when the house is closed
 */
export async function testHouse(
  tenants: readonly TenantDocument[],
  at?: string,
  folder?: string,
  settings: object = {},
): Promise<TestHouse> {
  const data = folder ?? mkdtempSync(join(tmpdir(), 'esr-fhir-house-'));
  let now = at;
  const clock = { now: () => (now === undefined ? new Date() : new Date(now)) };
  const house = await openHouse(
    { data },
    { create: true, settings: { logLevel: 'error', port: 0, store: storeSetting(data), ...settings }, clock },
  );
  for (const document of tenants) await house.tenants.apply(document);
  return {
    house,
    data,
    setTime(time) {
      now = time;
    },
    store: (tenant) => house.store.tenant(grantTenant(tenant, 'operator')),
    ingest: (name, bytes, tenant) =>
      ingestFile(house.ingest, { name, source: 'test', open: () => once(bytes) }, tenant),
    async close() {
      await house.close();
      if (folder === undefined) await removeStore(data);
      if (folder === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Text is ISO-8859-1, as ESR's files are. */
async function* once(bytes: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}
