import { limits } from '../../core/limits.ts';
import { later, ownerIsDead } from '../lease-owner.ts';
import type { Lease, LeaseStore } from '../port.ts';
import { pad } from './journal.ts';
import type { Part } from './part.ts';
import type { Documents } from './schema.ts';

type Leases = Part<Documents['lease']>;

/** Holding a lease is having inserted its newest epoch; of several who insert the next one, one does. */
export function leaseStore(leases: Leases): LeaseStore {
  return {
    async acquire(name, owner, seconds, now) {
      const last = await newest(leases, name);
      if (last !== undefined && !last.released && last.expires > now.toISOString() && !isDead(last)) return undefined;
      const epoch = (last?.epoch ?? 0) + 1;
      const expires = later(now, seconds);
      const lease = { name, epoch, owner, expires, touched: Date.now(), released: false };
      if (!(await leases.insertNew(keyOf(name, epoch), lease))) return undefined;
      // Whoever looked so long ago that the epochs after it were swept away has inserted an old one.
      if ((await newest(leases, name))?.epoch !== epoch) return undefined;
      await leases.remove({ name, epoch: { $lte: epoch - limits.leaseEpochsKeptMax } });
      return { name, owner, epoch, expiresAt: expires };
    },

    async renew(lease, seconds, now) {
      if (!(await leaseHeld(leases, lease))) return undefined;
      const expires = later(now, seconds);
      await leases.update({ _id: leases.id(keyOf(lease.name, lease.epoch)) }, { expires, touched: Date.now() });
      // Somebody may have taken it while it was being extended.
      return (await leaseHeld(leases, lease)) ? { ...lease, expiresAt: expires } : undefined;
    },

    async release({ name, owner, epoch }) {
      await leases.update({ _id: leases.id(keyOf(name, epoch)), owner }, { released: true });
    },

    async current(name) {
      const last = await newest(leases, name);
      if (last === undefined || last.released || isDead(last)) return undefined;
      return { name, epoch: last.epoch, owner: last.owner, expiresAt: last.expires };
    },
  };
}

/** Did the holder before not give it back? Then it may still be at work, and not know that it has lost the lease. */
export async function tookOver(leases: Leases, { name, epoch }: Lease): Promise<boolean> {
  const before = await leases.findOne({ _id: leases.id(keyOf(name, epoch - 1)) });
  return before !== undefined && !before.released;
}

/** Is it the newest epoch of its name, and not given back? */
export async function leaseHeld(leases: Leases, { name, owner, epoch }: Lease): Promise<boolean> {
  const last = await newest(leases, name);
  return last !== undefined && last.epoch === epoch && last.owner === owner && !last.released;
}

function newest(leases: Leases, name: string): Promise<Documents['lease'] | undefined> {
  return leases.findOne({ name }, { sort: { epoch: -1 } });
}

function isDead({ owner, touched }: Documents['lease']): boolean {
  return ownerIsDead(owner, touched);
}

function keyOf(name: string, epoch: number): string {
  return `${name}/${pad(epoch)}`;
}
