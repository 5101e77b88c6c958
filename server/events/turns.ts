import { limits } from '../core/limits.ts';

/**
 * Whose delivery is next: tenants take turns, and none takes more than its share of what may be sent at once, nor of
 * one host. So a tenant with a slow receiver, or with ten thousand events, keeps nobody waiting but itself.
 */
export interface Turns {
  /** `run` never rejects. */
  add(tenant: string, host: string, run: () => Promise<void>): void;
  /** Does anybody wait for a turn? */
  crowded(): boolean;
  /** Drops what has not begun, and waits for what has. */
  close(): Promise<void>;
}

interface Task {
  readonly host: string;
  readonly run: () => Promise<void>;
}

export function turns(): Turns {
  /** In the order of turns: whoever had one goes to the end. */
  const waiting = new Map<string, Task[]>();
  const running = new Map<string, number>();
  const inFlight = new Set<Promise<void>>();

  const count = (key: string, by: number) => running.set(key, (running.get(key) ?? 0) + by);
  const free = (key: string, max: number) => (running.get(key) ?? 0) < max;

  const next = (): { readonly tenant: string; readonly task: Task } | undefined => {
    if (inFlight.size >= limits.deliveriesAtOnceMax) return undefined;
    for (const [tenant, tasks] of waiting) {
      if (!free(tenant, limits.deliveriesPerTenantMax)) continue;
      const place = tasks.findIndex(({ host }) => free(`${tenant} ${host}`, limits.deliveriesPerHostMax));
      const [task] = place === -1 ? [] : tasks.splice(place, 1);
      if (task === undefined) continue;
      waiting.delete(tenant);
      if (tasks.length > 0) waiting.set(tenant, tasks);
      return { tenant, task };
    }
    return undefined;
  };
  const fill = () => {
    for (let one = next(); one !== undefined; one = next()) start(one.tenant, one.task);
  };
  const start = (tenant: string, { host, run }: Task) => {
    const keys = [tenant, `${tenant} ${host}`];
    for (const key of keys) count(key, 1);
    const done = run().finally(() => {
      for (const key of keys) {
        count(key, -1);
        if (running.get(key) === 0) running.delete(key);
      }
      inFlight.delete(done);
      fill();
    });
    inFlight.add(done);
  };
  return {
    add(tenant, host, run) {
      const tasks = waiting.get(tenant);
      if (tasks === undefined) waiting.set(tenant, [{ host, run }]);
      else tasks.push({ host, run });
      fill();
    },
    crowded: () => waiting.size > 0,
    async close() {
      waiting.clear();
      await Promise.all(inFlight);
    },
  };
}
