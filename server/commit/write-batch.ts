import { assert } from '../core/assert.ts';
import type { Clock } from '../core/clock.ts';
import { StoreError } from '../store/error.ts';
import type { Batch, Lease, Op, TenantStore } from '../store/port.ts';

const triesMax = 8;

/**
 * Commits what `build` makes for the batch's time, whole or not at all. The time never falls behind the tenant's last
 * batch, whatever the clock does; when another writer was faster the batch is built again. `build` is pure.
 */
export async function writeBatch(
  store: TenantStore,
  clock: Clock,
  build: (at: string) => readonly Op[],
  lease?: Lease,
): Promise<Batch> {
  for (let tries = 1; ; tries += 1) {
    const { at: last } = await store.head();
    let at = clock.now().toISOString();
    if (at < last) at = last;
    try {
      return await store.transact(build(at), at, lease);
    } catch (error) {
      const retry = error instanceof StoreError && error.code === 'conflict' && tries < triesMax;
      if (!retry) throw error;
      assert(tries < triesMax, 'a batch is tried a bounded number of times');
    }
  }
}
