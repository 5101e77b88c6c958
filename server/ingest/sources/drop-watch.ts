import type { Clock } from '../../core/clock.ts';
import { type Dropped, dropPlace, hasItsEnd, lookInto, makeDropPlace, sameLook, takenNames } from './drop-place.ts';

/** Notices what is ready in drop folders; taking it is another process's work. */
export interface DropWatch {
  /** Looks once; the tenants among these that have something to take. Makes folders that are missing. */
  look(tenants: readonly string[]): Promise<readonly string[]>;
}

/** @param root the folder `drop` of the data folder */
export function dropWatch(root: string, clock: Clock): DropWatch {
  const seen = new Map<string, ReadonlyMap<string, Dropped>>();
  return {
    async look(tenants) {
      const ready: string[] = [];
      for (const tenant of tenants) {
        const place = dropPlace(root, tenant);
        if (!seen.has(tenant)) await makeDropPlace(place);
        const before = seen.get(tenant);
        const files = await lookInto(place);
        seen.set(tenant, new Map(files.map((file) => [file.name, file])));
        const still = files.filter((file) => sameLook(file, before?.get(file.name)));
        const whole = await Promise.all(still.map((file) => hasItsEnd(place, file, clock.now())));
        if (whole.includes(true) || (await takenNames(place)).length > 0) ready.push(tenant);
      }
      return ready;
    },
  };
}
