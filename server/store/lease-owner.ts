import { hostname } from 'node:os';

/**
 * Owners that begin with `pid:{hostname}:{pid}:` are processes. One of this host that is gone holds nothing: a restart
 * after kill -9 must not wait for the expiry. Our own number on a row from before our start is an earlier process's
 * (in a container every start has the same one). `touchedMs`: epoch milliseconds of the last sign of life.
 */
export function ownerIsDead(owner: string, touchedMs: number): boolean {
  const [kind, host, number] = owner.split(':');
  const pid = Number(number);
  if (kind !== 'pid' || host !== hostname() || !Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return touchedMs < Date.now() - process.uptime() * 1000;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** ISO 8601 UTC, `seconds` after `now`. */
export function later(now: Date, seconds: number): string {
  return new Date(now.getTime() + seconds * 1000).toISOString();
}
