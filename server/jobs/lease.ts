import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { Lease, LeaseStore } from '../store/port.ts';

/** Lets a store see that the owner died: `pid:{host}:{pid}:{random}`. */
function ownerName(): string {
  return `pid:${hostname()}:${process.pid}:${randomUUID()}`;
}

export interface HeldLease {
  /** The newest renewal; writes carry it, so that a fenced holder can commit nothing. */
  current(): Lease;
}

/**
 * Runs `work` while holding the lease `name`, renewing it in the background. Waits up to `waitMs` while somebody else
 * holds it, then throws `unavailable`.
 */
export async function withLease<T>(
  leases: LeaseStore,
  name: string,
  clock: Clock,
  waitMs: number,
  work: (lease: HeldLease) => Promise<T>,
): Promise<T> {
  const owner = ownerName();
  const deadline = Date.now() + waitMs;
  let lease = await leases.acquire(name, owner, limits.leaseSeconds, clock.now());
  while (lease === undefined) {
    if (Date.now() >= deadline) throw new AppError('unavailable', `another process holds ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    lease = await leases.acquire(name, owner, limits.leaseSeconds, clock.now());
  }
  let held = lease;
  const renewal = setInterval(
    async () => {
      const renewed = await leases.renew(held, limits.leaseSeconds, clock.now()).catch(() => undefined);
      if (renewed !== undefined) held = renewed;
    },
    (limits.leaseSeconds * 1000) / 3,
  );
  try {
    return await work({ current: () => held });
  } finally {
    clearInterval(renewal);
    await leases.release(held);
  }
}
