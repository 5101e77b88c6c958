import type { TenantStore } from '../store/port.ts';

/** Tells many readers of a tenant that something was committed, for one look at its head at a time. */
export interface HeadWatch {
  /** Resolves once the tenant's newest batch is beyond `sequence`, at the latest after `waitMs` or when called off. */
  beyond(tenant: string, sequence: number, waitMs: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly sequence: number;
  readonly untilMs: number;
  readonly wake: () => void;
}

/** @param lookMs between two looks at the head of a tenant that somebody waits for */
export function headWatch(tenantStore: (tenant: string) => Pick<TenantStore, 'head'>, lookMs: number): HeadWatch {
  const waiting = new Map<string, Set<Waiting>>();
  let busy = false;
  const lookAt = async (tenant: string, readers: ReadonlySet<Waiting>) => {
    // A tenant that cannot be looked at now wakes nobody before their time.
    const head = await tenantStore(tenant)
      .head()
      .catch(() => undefined);
    const nowMs = performance.now();
    for (const one of readers) if ((head?.sequence ?? 0) > one.sequence || nowMs >= one.untilMs) one.wake();
  };
  const look = async () => {
    if (busy) return;
    busy = true;
    await Promise.all([...waiting].map(([tenant, readers]) => lookAt(tenant, readers)));
    busy = false;
  };
  const timer = setInterval(() => void look(), lookMs);
  timer.unref();
  return {
    beyond(tenant, sequence, waitMs, signal) {
      return new Promise((resolve) => {
        const readers = waiting.get(tenant) ?? new Set<Waiting>();
        waiting.set(tenant, readers);
        const wake = () => {
          signal.removeEventListener('abort', wake);
          readers.delete(one);
          if (readers.size === 0 && waiting.get(tenant) === readers) waiting.delete(tenant);
          resolve();
        };
        const one = { sequence, untilMs: performance.now() + waitMs, wake };
        readers.add(one);
        signal.addEventListener('abort', wake, { once: true });
        if (signal.aborted) wake();
      });
    },
    close() {
      clearInterval(timer);
      for (const readers of waiting.values()) for (const one of readers) one.wake();
    },
  };
}
