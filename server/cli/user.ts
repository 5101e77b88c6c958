import { Command, Option } from 'commander';
import { hashPassword, newPassword } from '../auth/password.ts';
import { type Membership, type Role, roles, type User } from '../auth/user.ts';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { endTokens } from '../registry/not-before.ts';
import { checkedUserName, userRegistry } from '../registry/users.ts';
import { type CommonOptions, command, print, table } from './command.ts';
import { type House, inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface RoleOptions extends CommonOptions {
  readonly role: Role;
  readonly tenant?: string;
  readonly practitioner?: string;
  readonly remove?: boolean;
}

/** `esr-fhir user …`: people who log in. */
export function userCommand(open: OpenHouse): Command {
  return new Command('user')
    .description('people who log in: to the console, and to apps')
    .addCommand(addCommand(open))
    .addCommand(roleCommand(open))
    .addCommand(listCommand(open))
    .addCommand(passwordCommand(open))
    .addCommand(statusCommand(open, 'disable', 'disabled'))
    .addCommand(statusCommand(open, 'enable', 'active'));
}

function roleOption(): Option {
  return new Option('--role <role>').choices(roles).makeOptionMandatory();
}

function addCommand(open: OpenHouse): Command {
  return command('add', 'add a person; prints a password once')
    .argument('<name>', 'what the person types to log in')
    .addOption(roleOption())
    .option('--tenant <id>', 'the role is one in this tenant; left out: platform-admin, for the platform')
    .option('--practitioner <id>', 'id of the person’s own Practitioner in the tenant (the claim fhirUser)')
    .action((name: string, options: RoleOptions) =>
      inHouse(open, options, async (house) => {
        const membership = await membershipOf(house, options);
        const password = newPassword();
        const user: User = {
          ...{ id: `u_${randomId()}`, name: checkedUserName(name), memberships: [membership], status: 'active' },
          ...practitionersOf({}, options),
          password: await hashPassword(password),
          createdAt: house.clock.now().toISOString(),
        };
        await userRegistry(house.store).add(user);
        await auditOperator(house, membership.tenant, { interaction: 'user-add', id: user.id });
        const document = { ...summary(user), password };
        print(options, document, lines(document));
      }),
    );
}

function roleCommand(open: OpenHouse): Command {
  return command('role', 'give a person another role, or take one away')
    .argument('<name>')
    .addOption(roleOption())
    .option('--tenant <id>')
    .option('--practitioner <id>', 'id of the person’s own Practitioner in the tenant')
    .option('--remove', 'take the role away')
    .action((name: string, options: RoleOptions) =>
      inHouse(open, options, async (house) => {
        const users = userRegistry(house.store);
        const { role, tenant } = await membershipOf(house, options);
        const before = await users.get(name);
        const others = before.memberships.filter((one) => one.role !== role || one.tenant !== tenant);
        const memberships = options.remove === true ? others : [...others, { role, tenant }];
        const user = { ...before, memberships, ...practitionersOf(before.practitioners ?? {}, options) };
        await users.put(user);
        // What was granted to the former role may be more than the present one allows.
        await endTokens(house.store.system.documents, 'user', user.id, house.clock.now());
        const interaction = options.remove === true ? 'user-role-remove' : 'user-role-add';
        await auditOperator(house, tenant, { interaction, id: user.id });
        print(options, summary(user), lines(summary(user)));
      }),
    );
}

function listCommand(open: OpenHouse): Command {
  return command('list', 'list the people, of one tenant or all')
    .option('--tenant <id>')
    .action((options: CommonOptions & { readonly tenant?: string }) =>
      inHouse(open, options, async ({ store }) => {
        const { tenant } = options;
        const all = (await userRegistry(store).list()).filter(
          ({ memberships }) => tenant === undefined || memberships.some((one) => one.tenant === tenant),
        );
        const rows = all.map((user) => [user.name, user.status, rolesText(user), user.id]);
        print(options, { users: all.map(summary) }, table([['NAME', 'STATUS', 'ROLES', 'ID'], ...rows]));
      }),
    );
}

function passwordCommand(open: OpenHouse): Command {
  return command('password', 'give a person another password, printed once')
    .argument('<name>')
    .action((name: string, options: CommonOptions) =>
      inHouse(open, options, async (house) => {
        const users = userRegistry(house.store);
        const before = await users.get(name);
        const password = newPassword();
        await users.put({ ...before, password: await hashPassword(password) });
        await endTokens(house.store.system.documents, 'user', before.id, house.clock.now());
        await auditOperator(house, null, { interaction: 'user-password', id: before.id });
        const document = { ...summary(before), password };
        print(options, document, lines(document));
      }),
    );
}

function statusCommand(open: OpenHouse, verb: 'disable' | 'enable', status: User['status']): Command {
  const what =
    verb === 'disable' ? 'shut a person out: their tokens stop working within two seconds' : 'let them in again';
  return command(verb, what)
    .argument('<name>')
    .action((name: string, options: CommonOptions) =>
      inHouse(open, options, async (house) => {
        const users = userRegistry(house.store);
        const user = { ...(await users.get(name)), status };
        await users.put(user);
        await endTokens(house.store.system.documents, 'user', user.id, house.clock.now());
        await auditOperator(house, null, { interaction: `user-${verb}`, id: user.id });
        print(options, summary(user), [`${user.name} is ${status}`]);
      }),
    );
}

/** The platform has one role, and no tenant has it. */
async function membershipOf({ tenants }: House, { role, tenant }: RoleOptions): Promise<Membership> {
  if ((role === 'platform-admin') !== (tenant === undefined)) {
    throw new AppError('invalid', 'platform-admin is a role without --tenant, every other one needs it');
  }
  if (tenant !== undefined) await tenants.get(tenant);
  return { role, tenant: tenant ?? null };
}

function practitionersOf(before: Readonly<Record<string, string>>, { tenant, practitioner }: RoleOptions) {
  if (practitioner === undefined) return Object.keys(before).length === 0 ? {} : { practitioners: before };
  if (tenant === undefined) throw new AppError('invalid', '--practitioner needs --tenant');
  return { practitioners: { ...before, [tenant]: practitioner } };
}

function rolesText({ memberships }: User): string {
  return memberships.map(({ role, tenant }) => (tenant === null ? role : `${role}@${tenant}`)).join(' ');
}

function summary({ id, name, memberships, status }: User) {
  return { id, name, roles: memberships, status };
}

function lines(document: ReturnType<typeof summary> & { readonly password?: string }): string[] {
  const { roles: memberships, ...rest } = document;
  const text = memberships.map(({ role, tenant }) => (tenant === null ? role : `${role}@${tenant}`)).join(' ');
  return table([...Object.entries(rest).map(([key, value]) => [key, String(value)]), ['roles', text]]);
}
