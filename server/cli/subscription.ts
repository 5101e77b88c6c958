import { Command } from 'commander';
import { ownerOf } from '../auth/subscription-owner.ts';
import { AppError } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { Asked } from '../events/asked.ts';
import type { DeadLetter } from '../events/progress.ts';
import { type SubscriptionState, subscriptionStates } from '../events/subscription-states.ts';
import type { TenantStore } from '../store/port.ts';
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
  const all = (tenant: string, interaction: string, options: CommonOptions, show: (house: House) => Promise<void>) =>
    inHouse(open, options, async (house) => {
      await show(house);
      await auditOperator(house, tenant, { interaction, id: tenant });
    });
  return new Command('subscription')
    .description('subscriptions and the delivery of events')
    .addCommand(
      command('list', 'every subscription: how far it is, what failed')
        .requiredOption('--tenant <id>')
        .action(({ tenant, ...options }: TenantOptions) =>
          all(tenant, 'subscription-list', options, async (house) => {
            const subscriptions = await statesOf(house, tenant);
            print(options, { subscriptions }, lines(subscriptions));
          }),
        ),
    )
    .addCommand(
      command('status', 'one subscription and its last attempts')
        .argument('<id>')
        .requiredOption('--tenant <id>')
        .action((id: string, { tenant, ...options }: TenantOptions) =>
          all(tenant, 'subscription-show', options, async (house) => {
            const { delivery } = await operatorStore(house, tenant);
            const subscription = await stateOf(house, tenant, id);
            const first = Math.max(0, subscription.delivered - limits.attemptsListedMax);
            const found = await delivery.attempts(id, first, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
            const attempts = found.slice(-limits.attemptsListedMax);
            const rows = attempts.map((one) => [
              one.at,
              one.kind,
              `${one.from}-${one.to}`,
              `${one.status ?? one.error}`,
            ]);
            print(options, { subscription, attempts }, [...lines([subscription]), ...table(rows)]);
          }),
        ),
    )
    .addCommand(
      command('dead-letters', 'events that nobody took, and that nobody tries to deliver any more')
        .requiredOption('--tenant <id>')
        .action(({ tenant, ...options }: TenantOptions) =>
          all(tenant, 'subscription-dead-letters', options, async (house) => {
            const letters = await lettersOf(await operatorStore(house, tenant));
            const rows = letters.map((one) => [one.subscription, `${one.from}-${one.to}`, one.error, one.lastAt]);
            print(options, { dead_letters: letters }, table(rows));
          }),
        ),
    )
    .addCommand(replayCommand(open));
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
        const { events } = await stateOf(house, tenant, id);
        const store = await operatorStore(house, tenant);
        const number = from ?? (await firstSince(store, id, since ?? ''));
        if (number > events) throw new AppError('invalid', `the newest event of the subscription is ${events}`);
        const asked: Asked = { do: 'replay', subscription: id, from: number };
        await store.delivery.ask(randomId(), JSON.stringify(asked));
        await auditOperator(house, tenant, { interaction: 'subscription-replay', type: 'Subscription', id });
        print(options, { subscription: id, from: number, to: events }, [
          `events ${number} to ${events} will be sent again`,
        ]);
      });
    });
}

async function statesOf(house: House, tenant: string): Promise<readonly SubscriptionState[]> {
  const { contracts } = await house.tenants.get(tenant);
  const { canonicalBase } = house.settings;
  return subscriptionStates(await operatorStore(house, tenant), contracts, (form) => ownerOf(form, canonicalBase));
}

async function stateOf(house: House, tenant: string, id: string): Promise<SubscriptionState> {
  const found = (await statesOf(house, tenant)).find((one) => one.id === id);
  if (found === undefined) throw new AppError('not-found', `tenant ${tenant} has no subscription ${id}`);
  return found;
}

async function lettersOf({ delivery }: TenantStore): Promise<readonly DeadLetter[]> {
  return [...(await delivery.notes('dead-letter')).values()].map((body) => JSON.parse(body) as DeadLetter);
}

/** Event times never fall as numbers rise; a page at a time is walked. */
async function firstSince({ delivery }: TenantStore, id: string, since: string): Promise<number> {
  const sinceMs = Date.parse(since);
  if (Number.isNaN(sinceMs)) throw new UsageError('--since takes a time such as 2026-11-23T09:00:00Z');
  for (let from = 1; ; ) {
    const events = await delivery.events(id, from, Number.MAX_SAFE_INTEGER, limits.eventsPerMatchMax);
    const found = events.find(({ at }) => Date.parse(at) >= sinceMs);
    const last = events.at(-1);
    if (found !== undefined) return found.number;
    if (last === undefined) throw new AppError('invalid', 'the subscription has no event since then');
    from = last.number + 1;
  }
}

function lines(states: readonly SubscriptionState[]): string[] {
  const head = ['id', 'client', 'status', 'to', 'events', 'delivered', 'failing'];
  const rows = states.map((one) => [
    ...[one.id, one.client, one.status, one.criteria, String(one.events), String(one.delivered)],
    one.failing === null
      ? ''
      : `${one.failing.error}, ${one.failing.failures} times, again at ${one.failing.notBefore}`,
  ]);
  return table([head, ...rows]);
}
