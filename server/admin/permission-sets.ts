import { AppError } from '../core/error.ts';
import type { AdminAnswer, AdminContext, AdminRequest } from './route.ts';

export async function listPermissionSets({ deps, stewardship }: AdminContext): Promise<AdminAnswer> {
  const sets = await deps.permissionSets.list(stewardship.tenant.id);
  return { status: 200, body: { permission_sets: sets } };
}

export async function readPermissionSet(context: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  return { status: 200, id, body: await known(context, id) };
}

export async function putPermissionSet(
  { deps, stewardship }: AdminContext,
  { id, json }: AdminRequest,
): Promise<AdminAnswer> {
  const document = json as { readonly name?: unknown };
  const { name = id } = document;
  if (name !== id) throw new AppError('invalid', 'the name of the permission set is not that of the address');
  return { status: 200, id, body: await deps.permissionSets.put(stewardship.tenant.id, { ...document, name }) };
}

export async function removePermissionSet(context: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  const { deps, stewardship } = context;
  await known(context, id);
  await deps.permissionSets.remove(stewardship.tenant.id, id);
  return { status: 200, id, body: { name: id, removed: true } };
}

/** Another tenant's answers like one that never was, and so says no name. */
async function known({ deps, stewardship }: AdminContext, name: string) {
  const set = (await deps.permissionSets.list(stewardship.tenant.id)).find((one) => one.name === name);
  if (set === undefined) throw new AppError('not-found', 'there is no such permission set');
  return set;
}
