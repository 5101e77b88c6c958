import { Command } from 'commander';
import { type SubscriptionOperator, subscriptionOperator } from '../events/operator.ts';
import type { SubscriptionState } from '../events/subscription-states.ts';
import { type CommonOptions, command, integer, print, table, UsageError } from './command.ts';
import { type House, inHouse, type OpenHouse, operatorStore } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface TenantOptions extends CommonOptions {
  readonly tenant: string;
}

interface ReplayOptions extends TenantOptions {
  readonly from?: number;
  readonly since?: string;
}

/** `esr-fhir subscription …`: delivery, as an operator sees it. */
export function subscriptionCommand(open: OpenHouse): Command {
  const group = new Command('subscription').description('subscriptions and the delivery of events');
  for (const one of [listCommand, statusCommand, deadLettersCommand, replayCommand]) group.addCommand(one(open));
  for (const [name, [description, says]] of Object.entries(requests)) {
    group.addCommand(requestCommand(open, name as Request, description, says));
  }
  return group;
}

/** Done by a running server within a second. */
const requests = {
  pause: ['nothing is sent until it is resumed; events are counted and wait', 'nothing more will be sent'],
  resume: ['goes on where it was paused', 'what waits will be sent'],
  test: ['sends a notification that tells of nothing', 'a test is on its way: see "subscription status"'],
} as const;
type Request = keyof typeof requests;

function listCommand(open: OpenHouse): Command {
  return command('list', 'every subscription: how far it is, what failed')
    .requiredOption('--tenant <id>')
    .action(({ tenant, ...options }: TenantOptions) =>
      watched(open, tenant, 'subscription-list', options, async (operator) => {
        const subscriptions = await operator.list();
        print(options, { subscriptions }, lines(subscriptions));
      }),
    );
}

function statusCommand(open: OpenHouse): Command {
  return command('status', 'one subscription and its last attempts')
    .argument('<id>')
    .requiredOption('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      watched(open, tenant, 'subscription-show', options, async (operator) => {
        const { subscription, attempts } = await operator.get(id);
        const rows = attempts.map((one) => [one.at, one.kind, `${one.from}-${one.to}`, `${one.status ?? one.error}`]);
        print(options, { subscription, attempts }, [...lines([subscription]), ...table(rows)]);
      }),
    );
}

function deadLettersCommand(open: OpenHouse): Command {
  return command('dead-letters', 'events that nobody took, and that nobody tries to deliver any more')
    .requiredOption('--tenant <id>')
    .action(({ tenant, ...options }: TenantOptions) =>
      watched(open, tenant, 'subscription-dead-letters', options, async (operator) => {
        const letters = await operator.deadLetters();
        const rows = letters.map((one) => [one.subscription, `${one.from}-${one.to}`, one.error, one.lastAt]);
        print(options, { dead_letters: letters }, table(rows));
      }),
    );
}

function replayCommand(open: OpenHouse): Command {
  return command('replay', 'send events once more, under the numbers that they have; a running server does it')
    .argument('<id>')
    .requiredOption('--tenant <id>')
    .option('--from <number>', 'from this event number on', integer(1))
    .option('--since <time>', 'from the first event at or after this time (ISO 8601) on')
    .action((id: string, { tenant, from, since, ...options }: ReplayOptions) => {
      if ((from === undefined) === (since === undefined)) throw new UsageError('name one of --from and --since');
      return inHouse(open, options, async (house) => {
        const range = await (await operatorOf(house, tenant)).replay(id, { from, since });
        await auditOperator(house, tenant, { interaction: 'subscription-replay', type: 'Subscription', id });
        print(options, { subscription: id, ...range }, [`events ${range.from} to ${range.to} will be sent again`]);
      });
    });
}

function requestCommand(open: OpenHouse, name: Request, description: string, says: string): Command {
  return command(name, description)
    .argument('<id>')
    .requiredOption('--tenant <id>')
    .action((id: string, { tenant, ...options }: TenantOptions) =>
      inHouse(open, options, async (house) => {
        await (await operatorOf(house, tenant))[name](id);
        await auditOperator(house, tenant, { interaction: `subscription-${name}`, type: 'Subscription', id });
        print(options, { subscription: id, asked: name }, [says]);
      }),
    );
}

/** Shows something of a tenant, and records that it was looked at. */
function watched(
  open: OpenHouse,
  tenant: string,
  interaction: string,
  options: CommonOptions,
  show: (operator: SubscriptionOperator) => Promise<void>,
): Promise<void> {
  return inHouse(open, options, async (house) => {
    await show(await operatorOf(house, tenant));
    await auditOperator(house, tenant, { interaction, id: tenant });
  });
}

async function operatorOf(house: House, tenant: string): Promise<SubscriptionOperator> {
  const { contracts } = await house.tenants.get(tenant);
  const { clock, settings } = house;
  return subscriptionOperator(await operatorStore(house, tenant), contracts, {
    clock,
    canonicalBase: settings.canonicalBase,
  });
}

function lines(states: readonly SubscriptionState[]): string[] {
  const head = ['id', 'client', 'status', 'to', 'events', 'delivered', 'behind', 'failing'];
  const rows = states.map((one) => [
    ...[one.id, one.client, one.paused === null ? one.status : `${one.status}, paused`, one.criteria],
    ...[String(one.events), String(one.delivered), String(one.lag)],
    one.failing === null
      ? ''
      : `${one.failing.error}, ${one.failing.failures} times, again at ${one.failing.notBefore}`,
  ]);
  return table([head, ...rows]);
}
