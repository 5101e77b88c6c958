import { hashPassword, newPassword } from '../auth/password.ts';
import { type Membership, type Role, roles, type User } from '../auth/user.ts';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { endTokens } from '../registry/not-before.ts';
import { checkedUserName } from '../registry/users.ts';
import type { AdminAnswer, AdminContext, AdminRequest, AdminRoute } from './route.ts';
import { flag, list, object, ref, text } from './schema.ts';

/** A person as their tenant sees them: what else they are elsewhere is nobody's business here. */
function shown({ id, name, memberships, status }: User, tenant: string) {
  return { id, name, status, roles: memberships.filter((one) => one.tenant === tenant).map(({ role }) => role) };
}

function belongs({ memberships }: User, tenant: string): boolean {
  return memberships.some((one) => one.tenant === tenant);
}

async function listUsers({ deps, stewardship }: AdminContext): Promise<AdminAnswer> {
  const { id } = stewardship.tenant;
  const users = (await deps.users.list()).filter((user) => belongs(user, id));
  return { status: 200, body: { users: users.map((user) => shown(user, id)) } };
}

interface NewUser {
  readonly name: string;
  readonly role: Role;
  readonly practitioner?: string;
}

async function addUser({ deps, stewardship }: AdminContext, { json }: AdminRequest): Promise<AdminAnswer> {
  const { name, role, practitioner } = json as NewUser;
  const tenant = stewardship.tenant.id;
  const password = newPassword();
  const user: User = {
    ...{ id: `u_${randomId()}`, name: checkedUserName(name), memberships: [{ tenant, role }], status: 'active' },
    ...(practitioner === undefined ? {} : { practitioners: { [tenant]: practitioner } }),
    password: await hashPassword(password),
    createdAt: deps.clock.now().toISOString(),
  };
  await deps.users.add(user);
  await deps.registry.refresh();
  return { status: 201, id: user.id, body: { ...shown(user, tenant), password } };
}

async function known({ users }: AdminContext['deps'], id: string, tenant: string): Promise<User> {
  const user = await users.find(id);
  if (user === undefined || !belongs(user, tenant)) throw new AppError('not-found', 'there is no such person');
  return user;
}

interface RoleChange {
  readonly role: Role;
  readonly remove?: boolean;
}

/** What was granted to the former role may be more than the present one allows: tokens end. */
async function changeRole({ deps, stewardship }: AdminContext, { id, json }: AdminRequest): Promise<AdminAnswer> {
  const { role, remove = false } = json as RoleChange;
  const tenant = stewardship.tenant.id;
  const before = await known(deps, id, tenant);
  const others = before.memberships.filter((one) => one.role !== role || one.tenant !== tenant);
  const memberships: readonly Membership[] = remove ? others : [...others, { role, tenant }];
  const user = { ...before, memberships };
  await deps.users.put(user);
  await endTokens(deps.documents, 'user', id, deps.clock.now());
  await deps.registry.refresh();
  return { status: 200, id, body: shown(user, tenant) };
}

/** Whoever sets a password can be that person: so only where they are nobody elsewhere. */
async function resetPassword({ deps, stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  const tenant = stewardship.tenant.id;
  const before = await known(deps, id, tenant);
  if (before.memberships.some((one) => one.tenant !== tenant)) {
    throw new AppError('conflict', 'the person has roles elsewhere: their password is the platform’s to set');
  }
  const password = newPassword();
  await deps.users.put({ ...before, password: await hashPassword(password) });
  await endTokens(deps.documents, 'user', id, deps.clock.now());
  await deps.registry.refresh();
  return { status: 200, id, body: { ...shown(before, tenant), password } };
}

const path = 'tenants/{tenant}/users';
const role = { enum: roles.filter((one) => one !== 'platform-admin') } as const;
const writing = { method: 'POST', scope: 'admin/users.write', parameters: [] } as const;
const one = (description: string) => ({ status: 200, description, schema: ref('User') }) as const;

export const userRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path, operation: 'list-users', scope: 'admin/users.read', parameters: [] },
    summary: 'The people with a role in the tenant.',
    answer: { status: 200, description: 'people', schema: object({ users: list(ref('User')) }) },
    run: listUsers,
  },
  {
    ...{ ...writing, path, operation: 'add-user', summary: 'Adds a person; a password is shown this once.' },
    body: object({ name: text, role, practitioner: text }, 'practitioner'),
    answer: { status: 201, description: 'the person', schema: ref('User') },
    run: addUser,
  },
  {
    ...{ ...writing, path: `${path}/{id}/role`, operation: 'change-role' },
    summary: 'Gives a person a role in the tenant, or takes it away; their tokens end.',
    body: object({ role, remove: flag }, 'remove'),
    answer: one('the person; without a role left they are gone from the tenant'),
    run: changeRole,
  },
  {
    ...{ ...writing, path: `${path}/{id}/password`, operation: 'reset-password' },
    summary: 'Gives a person another password, shown this once; their tokens end. 409 where they have roles elsewhere.',
    answer: one('the person'),
    run: resetPassword,
  },
];
