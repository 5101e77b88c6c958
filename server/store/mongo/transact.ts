import type { ClientSession } from 'mongoose';
import { assert } from '../../core/assert.ts';
import { entriesIn } from '../../search/extract.ts';
import { StoreError } from '../error.ts';
import type { Batch, Lease, Op, ResourceOp } from '../port.ts';
import type { Draft, Fences, JournalHead, WritableJournal } from './journal.ts';
import { writeRows } from './record-write.ts';
import { checkVersions, writeResources } from './resource-write.ts';
import type { TenantParts } from './tenant-parts.ts';

/** Tells whether a lease is still the newest of its name. */
export type Held = (lease: Lease, session?: ClientSession) => Promise<boolean>;

export interface Leasing {
  readonly held: Held;
  /** Did the holder before not give the lease back? */
  readonly tookOver: (lease: Lease) => Promise<boolean>;
}

/** A batch as the journal takes it. */
export function draftOf(
  tenant: string,
  ops: readonly Op[],
  at: string,
  lease: Lease | undefined,
  held: Held,
): Draft<TenantParts> {
  for (const op of ops) assert(op.tenant === tenant, 'every op of a batch names the tenant of its handle');
  const ms = Date.parse(at);
  assert(!Number.isNaN(ms) && new Date(ms).toISOString() === at, 'a batch time is ISO 8601 UTC with milliseconds');
  const resources = ops.filter((op): op is ResourceOp => op.op === 'resource');
  return {
    at,
    ops: ops.map(journalled),
    async check(parts, head, session) {
      const fences = lease === undefined ? head.fences : await fenced(head, lease, (one) => held(one, session));
      if (ms < Date.parse(head.at)) throw new StoreError('conflict', 'the batch is older than the last one');
      await checkVersions(parts, resources);
      return fences;
    },
  };
}

/** Whoever redoes the batch from the journal has no search parameters. */
function journalled(op: Op): Op {
  return op.op === 'resource' ? { ...op, index: entriesIn(op.index, op.body) } : op;
}

/**
 * Where the holder before did not give its lease back, takes the journal's next number for the new epoch, with nothing
 * in the batch: an earlier holder that has looked already and goes on to insert that number comes second, looks again
 * and is refused.
 */
export async function shutOut(
  journal: WritableJournal<TenantParts>,
  lease: Lease,
  { held, tookOver }: Leasing,
  draft: (at: string) => Draft<TenantParts>,
): Promise<void> {
  if (!(await held(lease))) throw fencedOut();
  if (!(await tookOver(lease))) return;
  for (;;) {
    const { at } = await journal.head();
    try {
      await journal.commit(draft(at));
      return;
    } catch (error) {
      // Somebody's later batch came between: the time is not its any more.
      if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
    }
  }
}

/** Writes what a batch says. */
export async function applyBatch(parts: TenantParts, batch: Batch, ops: readonly object[]): Promise<void> {
  const rows = ops as readonly Op[];
  await writeResources(
    parts,
    batch,
    rows.filter((op): op is ResourceOp => op.op === 'resource'),
  );
  await writeRows(parts, batch, rows);
}

export function fencedOut(): StoreError {
  return new StoreError('fenced', 'a later holder of the lease has taken over');
}

/**
 * Refuses a writer whose lease is over. Each entry of the journal carries the highest epoch that has written, and the
 * next entry follows that very one: once a later holder has written, an earlier one can insert nothing any more.
 */
export async function fenced(
  { fences }: JournalHead,
  lease: Lease,
  held: (lease: Lease) => Promise<boolean>,
): Promise<Fences> {
  const { name, epoch } = lease;
  const newest = fences.find((fence) => fence.name === name)?.epoch ?? 0;
  if (epoch < newest || !(await held(lease))) {
    throw fencedOut();
  }
  return epoch === newest ? fences : [...fences.filter((fence) => fence.name !== name), { name, epoch }];
}
