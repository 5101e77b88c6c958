import { auditTrails } from '../../server/cli/audit-trails.ts';
import { subscriptionServing } from '../../server/cli/subscription-serving.ts';
import { limits } from '../../server/core/limits.ts';
import type { RetrySchedule } from '../../server/events/retry.ts';
import { openHouse } from '../../server/main.ts';
import { registrySnapshot } from '../../server/registry/snapshot.ts';
import { storeSetting } from './store-under-test.ts';

/**
 * The part of a server that delivers, without its HTTP side, in a process that can be killed. Its waits are short, so
 * that a test sees in a minute what takes a day: arguments are the data folder and the schedule as JSON.
 */
const [, , data = '', schedule = '{}'] = process.argv;

const house = await openHouse({ data }, { serving: true, settings: { logLevel: 'error', store: storeSetting(data) } });
const snapshot = await registrySnapshot(house.store);
const trails = auditTrails(house, snapshot, 'serve');
const delivery = subscriptionServing(house, {
  ...{ snapshot, publicUrl: () => 'https://api.example', audit: trails.write },
  schedule: JSON.parse(schedule) as RetrySchedule,
});
delivery.start();
setInterval(() => void snapshot.refresh().catch(() => undefined), limits.registryRefreshMs);
process.stdout.write('delivering\n');
