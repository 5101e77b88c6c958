import { limits } from '../core/limits.ts';
import type { RetrySchedule } from './retry.ts';

/** Failures that say something of the host rather than of one subscription. */
const hostFailures: ReadonlySet<string> = new Set(['dns', 'connect', 'tls', 'timeout', 'http-5xx']);

interface Circuit {
  readonly failures: number;
  /** Epoch milliseconds until which nothing is sent; 0: closed. */
  readonly openUntil: number;
  readonly seconds: number;
}

/**
 * One circuit per host of a tenant. After some failures in a row nothing is sent there for a while, then one request
 * tries; while it is open, no subscription uses up its retries.
 */
export interface Breaker {
  /** Epoch milliseconds to wait for; undefined: go, and say what became of it. */
  waitUntil(host: string, nowMs: number): number | undefined;
  noted(host: string, error: string | null, nowMs: number): void;
}

export function breaker({
  circuitSeconds,
  circuitSecondsMax,
}: Pick<RetrySchedule, 'circuitSeconds' | 'circuitSecondsMax'>): Breaker {
  const circuits = new Map<string, Circuit>();
  return {
    waitUntil(host, nowMs) {
      const circuit = circuits.get(host);
      if (circuit === undefined || circuit.openUntil === 0) return undefined;
      if (nowMs < circuit.openUntil) return circuit.openUntil;
      // This one tries; the others wait for what becomes of it.
      circuits.set(host, { ...circuit, openUntil: nowMs + circuit.seconds * 1000 });
      return undefined;
    },
    noted(host, error, nowMs) {
      if (error === null || !hostFailures.has(error)) {
        circuits.delete(host);
        return;
      }
      const { failures, seconds } = circuits.get(host) ?? { failures: 0, seconds: circuitSeconds };
      const open = failures + 1 >= limits.circuitFailuresMax;
      const longer = failures >= limits.circuitFailuresMax ? Math.min(seconds * 2, circuitSecondsMax) : seconds;
      circuits.set(host, {
        failures: failures + 1,
        openUntil: open ? nowMs + longer * 1000 : 0,
        seconds: longer,
      });
    },
  };
}
