import { later, ownerIsDead } from '../lease-owner.ts';
import type { Lease, LeaseStore } from '../port.ts';
import type { Connection } from './connection.ts';

type Row = [epoch: number, owner: string | null, expires: string, touched: number];

const rowOf = 'SELECT epoch, owner, expires, touched FROM lease WHERE name = ?';

/** Leases are rows; the row stays when a lease ends, so that epochs only rise. */
export function leaseStore(system: Connection): LeaseStore {
  return {
    async acquire(name, owner, seconds, now) {
      return system.immediate(() => {
        const row = system.row<Row>(rowOf, name);
        if (row !== undefined && row[1] !== null && row[2] > now.toISOString() && !ownerIsDead(row[1], row[3])) {
          return undefined;
        }
        const lease = { name, owner, epoch: (row?.[0] ?? 0) + 1, expiresAt: later(now, seconds) };
        const insert = 'INSERT OR REPLACE INTO lease(name, epoch, owner, expires, touched) VALUES(?, ?, ?, ?, ?)';
        system.run(insert, name, lease.epoch, owner, lease.expiresAt, Date.now());
        return lease;
      });
    },

    async renew(lease, seconds, now) {
      const expiresAt = later(now, seconds);
      const changed = system.run(
        'UPDATE lease SET expires = ?, touched = ? WHERE name = ? AND epoch = ? AND owner = ?',
        expiresAt,
        Date.now(),
        lease.name,
        lease.epoch,
        lease.owner,
      );
      return changed === 1 ? { ...lease, expiresAt } : undefined;
    },

    async release(lease) {
      const update = 'UPDATE lease SET owner = NULL WHERE name = ? AND epoch = ? AND owner = ?';
      system.run(update, lease.name, lease.epoch, lease.owner);
    },

    async current(name) {
      const row = system.row<Row>(rowOf, name);
      if (row === undefined || row[1] === null || ownerIsDead(row[1], row[3])) return undefined;
      return { name, epoch: row[0], owner: row[1], expiresAt: row[2] };
    },
  };
}

/** Does the lease's row still name this epoch and owner? A lease that the store never gave is nobody's. */
export function leaseHeld(system: Connection, lease: Lease): boolean {
  const row = system.row<Row>(rowOf, lease.name);
  return row !== undefined && row[0] === lease.epoch && row[1] === lease.owner;
}
