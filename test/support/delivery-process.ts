import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RetrySchedule } from '../../server/events/retry.ts';

const entry = fileURLToPath(new URL('./delivery-child.ts', import.meta.url));

/** A process that delivers the events of a data folder. */
export interface DeliveryProcess {
  /** kill -9. */
  kill(): Promise<void>;
}

/** Resolves when it delivers. */
export async function deliveryProcess(data: string, schedule: RetrySchedule): Promise<DeliveryProcess> {
  const args = ['--import', 'tsx', entry, data, JSON.stringify(schedule)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await Promise.race([
    once(child.stdout, 'data'),
    closed.then(([code]) => Promise.reject(new Error(`ended: ${code}`))),
  ]);
  return {
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
