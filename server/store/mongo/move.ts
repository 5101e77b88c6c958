import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { assert, present } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import type { IsolationModel } from '../../tenancy/tenant.ts';
import { StoreError } from '../error.ts';
import { type Copied, copyData, copyLate } from './copy.ts';
import { applyDelivery } from './delivery.ts';
import { closeJournal, openJournal } from './journal.ts';
import type { Part } from './part.ts';
import { type Life, scopeOf } from './place.ts';
import { type Documents, ensureCollections, layoutNumber, type Scope, tenantCollections } from './schema.ts';
import { deliveryParts, tenantParts } from './tenant-parts.ts';
import { applyBatch } from './transact.ts';

type Row = Documents['tenant'];

export interface MoveOptions {
  readonly system: Scope;
  readonly rows: Part<Row>;
  /** Notes that the data of a life are to go; whoever sweeps next removes them. */
  readonly doom: (tenant: string, life: Life) => Promise<void>;
  /** Forgets that they were to go. */
  readonly spare: (tenant: string, life: Life) => Promise<void>;
  /** Throws `fenced` where the mover's lease is over. */
  readonly mayGoOn: () => Promise<void>;
}

/**
 * Moves a tenant to a new life under another isolation model. The row says `moving` first: whoever looks there is
 * refused. Then the journals are closed by an entry of their own, so that not even a writer that has looked before can
 * commit; everybody else who has looked gets time to end. Then all is copied and counted, and one write of the row is
 * the switch. A crash before it leaves a mark that the next call goes on from; one after it leaves old data, which the
 * next call sweeps away. The wrapped key stays the same, and so do the blobs' names and bytes.
 *
 * @returns undefined where the data are there already
 */
export async function moveTenant(
  options: MoveOptions,
  tenant: string,
  isolation: IsolationModel,
): Promise<Copied | undefined> {
  const row = await begin(options, tenant, isolation);
  if (row?.moving === undefined) return undefined;
  const [old, next] = [lifeOf(row), movingTo(row.moving)];
  const { system, rows, mayGoOn, doom, spare } = options;
  const [from, to] = [scopeOf(system, tenant, old), scopeOf(system, tenant, next)];
  await closeJournal(tenantParts(from), applyBatch);
  await closeJournal(deliveryParts(tenantParts(from)), applyDelivery);
  await ensureCollections(to, tenantCollections);
  await setTimeout(limits.tenantMoveWaitMs);
  const copied = await copyData(from, to, mayGoOn);
  await spare(tenant, next);
  await doom(tenant, old);
  await mayGoOn();
  const switched = { life: next.life, isolation, layout: String(layoutNumber) };
  const count = await rows.update({ _id: row._id, life: old.life }, switched, ['moving']);
  if (count === 0) throw new StoreError('no-tenant', 'the tenant went while it was moved');
  await copyLate(from, to, mayGoOn);
  return copied;
}

/** The tenant's row, marked as moving; undefined where there is nothing to move. */
async function begin(options: MoveOptions, tenant: string, isolation: IsolationModel): Promise<Row | undefined> {
  const { rows } = options;
  const find = async () => {
    const found = await rows.findOne({ _id: rows.id(tenant) });
    if (found === undefined) throw new StoreError('no-tenant', 'there is no such tenant');
    return found;
  };
  const row = await find();
  if (row.moving !== undefined && movingTo(row.moving).isolation !== isolation) await takeBack(options, tenant, row);
  const now = await find();
  if (now.moving !== undefined) return now;
  if (now.isolation === isolation) return undefined;
  const moving = `${randomBytes(4).toString('hex')}/${isolation}`;
  await rows.update({ _id: now._id, life: now.life }, { moving });
  return find();
}

/** Gives up a move that stopped half-way: the data are where they were, and can be written again. */
async function takeBack({ system, rows, doom, spare }: MoveOptions, tenant: string, row: Row): Promise<void> {
  const old = lifeOf(row);
  await doom(tenant, movingTo(present(row.moving, 'the move')));
  await spare(tenant, old);
  const parts = tenantParts(scopeOf(system, tenant, old));
  await openJournal(parts);
  await openJournal(deliveryParts(parts));
  await rows.update({ _id: row._id, life: row.life }, {}, ['moving']);
}

export function lifeOf({ life, isolation }: Pick<Row, 'life' | 'isolation'>): Life {
  return { life, isolation: isolation as IsolationModel };
}

/** `LIFE/MODEL`. */
export function movingTo(moving: string): Life {
  const [life, isolation] = moving.split('/');
  assert(life !== undefined && isolation !== undefined, 'a move names a life and a model');
  return lifeOf({ life, isolation });
}
