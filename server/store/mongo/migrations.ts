import { StoreError } from '../error.ts';
import type { Part } from './part.ts';
import {
  type Documents,
  ensureCollections,
  layoutNumber,
  type Scope,
  systemCollections,
  tenantCollections,
} from './schema.ts';

/**
 * Brings the system's database to this release's layout. Any number of processes may at once: making what is there
 * changes nothing. Throws `unsupported` for a layout of a newer release.
 */
export async function migrateSystem(scope: Scope, setting: Part<Documents['setting']>): Promise<void> {
  const stored = (await setting.findOne({ _id: setting.id('layout') }))?.value;
  if (isCurrent(stored)) return;
  await ensureCollections(scope, systemCollections);
  if (stored === undefined) await setting.insertNew('layout', { value: String(layoutNumber) });
  else await setting.update({ _id: setting.id('layout') }, { value: String(layoutNumber) });
}

/** The same for one tenant's part. */
export async function migrateTenant(
  scope: Scope,
  tenants: Part<Documents['tenant']>,
  { _id, life, layout }: Documents['tenant'],
): Promise<void> {
  if (isCurrent(layout === '' ? undefined : layout)) return;
  await ensureCollections(scope, tenantCollections);
  await tenants.update({ _id, life }, { layout: String(layoutNumber) });
}

function isCurrent(stored: string | undefined): boolean {
  const number = Number(stored ?? 0);
  if (number > layoutNumber) throw new StoreError('unsupported', 'the database belongs to a newer release');
  return number === layoutNumber;
}
