import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { Lease, LeaseStore, TenantStore } from '../store/port.ts';

/** Lets a store see that the owner died: `pid:{host}:{pid}:{random}`. */
function ownerName(): string {
  return `pid:${hostname()}:${process.pid}:${randomUUID()}`;
}

export interface HeldLease {
  /** The newest renewal; writes carry it, so that a fenced holder can commit nothing. */
  current(): Lease;
}

/** Runs `work` while holding the first free one of the leases `names`; throws `unavailable` where there is none. */
export async function withFreeLease<T>(
  leases: LeaseStore,
  names: Iterable<string>,
  clock: Clock,
  work: (name: string) => Promise<T>,
): Promise<T> {
  const owner = ownerName();
  for (const name of names) {
    const lease = await leases.acquire(name, owner, limits.leaseSeconds, clock.now());
    if (lease !== undefined) return hold(leases, lease, clock, () => work(name));
  }
  throw new AppError('unavailable', 'other processes hold every lease that there is');
}

/**
 * Runs `work` while holding the lease `name`, renewing it in the background. Waits up to `waitMs` while somebody else
 * holds it, then throws `unavailable`. `writes`: the tenant whose batches carry the lease; those of earlier holders are
 * shut out before `work` begins.
 */
export async function withLease<T>(
  leases: LeaseStore,
  name: string,
  clock: Clock,
  waitMs: number,
  work: (lease: HeldLease) => Promise<T>,
  writes?: Pick<TenantStore, 'fence'>,
): Promise<T> {
  const owner = ownerName();
  const deadline = Date.now() + waitMs;
  let lease = await leases.acquire(name, owner, limits.leaseSeconds, clock.now());
  while (lease === undefined) {
    if (Date.now() >= deadline) throw new AppError('unavailable', `another process holds ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    lease = await leases.acquire(name, owner, limits.leaseSeconds, clock.now());
  }
  // Where this fails the lease stays ours until it expires: the next holder then knows that it takes over.
  await writes?.fence(lease);
  return hold(leases, lease, clock, work);
}

async function hold<T>(
  leases: LeaseStore,
  lease: Lease,
  clock: Clock,
  work: (lease: HeldLease) => Promise<T>,
): Promise<T> {
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

/** A lease for as long as a process lives: taken when it is free, and kept by asking for it often enough. */
export interface StandingLease {
  /** The lease, renewed where it is time; undefined while somebody else holds it. */
  held(): Promise<Lease | undefined>;
  /** After `fenced`: it is somebody else's. */
  lost(): void;
  release(): Promise<void>;
}

/** `writes`: what carries the lease; earlier holders are shut out of it before the lease is given. */
export function standingLease(
  leases: LeaseStore,
  name: string,
  clock: Clock,
  writes: () => Pick<TenantStore, 'fence'>,
): StandingLease {
  const owner = ownerName();
  let lease: Lease | undefined;
  const renewFromMs = (limits.leaseSeconds * 1000 * 2) / 3;
  return {
    async held() {
      const now = clock.now();
      if (lease === undefined) {
        const taken = await leases.acquire(name, owner, limits.leaseSeconds, now);
        // Where this fails the lease stays taken until it expires: the next holder then knows that it takes over.
        if (taken !== undefined) await writes().fence(taken);
        lease = taken;
      } else if (Date.parse(lease.expiresAt) - now.getTime() < renewFromMs) {
        lease = await leases.renew(lease, limits.leaseSeconds, now);
      }
      return lease;
    },
    lost() {
      lease = undefined;
    },
    async release() {
      if (lease !== undefined) await leases.release(lease);
      lease = undefined;
    },
  };
}
