import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';

/** Slows down guessing of passwords, in this process. */
export interface LoginThrottle {
  /** May somebody try this name now? */
  allows(name: string): boolean;
  failed(name: string): void;
  succeeded(name: string): void;
}

/** After `loginFailuresMax` failures a name waits until `loginFailureSeconds` have passed since the first of them. */
export function loginThrottle(clock: Clock): LoginThrottle {
  const failures = new Map<string, { count: number; readonly until: number }>();
  const current = (name: string) => {
    const found = failures.get(name);
    if (found !== undefined && found.until > clock.now().getTime()) return found;
    failures.delete(name);
    return undefined;
  };
  return {
    allows: (name) => (current(name)?.count ?? 0) < limits.loginFailuresMax,
    failed(name) {
      const found = current(name);
      if (found !== undefined) found.count += 1;
      else failures.set(name, { count: 1, until: clock.now().getTime() + limits.loginFailureSeconds * 1000 });
      // Names that nobody has are remembered as well; the oldest go first.
      for (const oldest of failures.keys()) {
        if (failures.size <= limits.loginNamesMax) break;
        failures.delete(oldest);
      }
    },
    succeeded: (name) => void failures.delete(name),
  };
}
