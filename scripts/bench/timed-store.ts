import type { Store, TenantStore } from '../../server/store/port.ts';

/**
 * A store that tells how long the phases of one ingest took: the port's calls mark where each begins. `stage` and
 * `commit` are the time inside the store's own calls; they are not part of what surrounds them.
 */
export function timedStore(store: Store) {
  const marks = { receive: performance.now(), parse: 0, walk: 0, publish: 0 };
  const inside = { stage: 0, walkCommit: 0, publishCommit: 0 };
  const mark = (phase: keyof typeof marks) => {
    if (marks[phase] === 0) marks[phase] = performance.now();
  };
  const timed = async <T>(name: () => keyof typeof inside, call: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    try {
      return await call();
    } finally {
      inside[name()] += performance.now() - began;
    }
  };
  const wrap = (tenant: TenantStore): TenantStore => ({
    ...tenant,
    transact: (ops, at, lease) =>
      timed(
        () => (marks.publish > 0 ? 'publishCommit' : 'walkCommit'),
        () => tenant.transact(ops, at, lease),
      ),
    records: {
      ...tenant.records,
      work: (limit) => {
        // Before the walk it is asked whether an earlier run left any.
        if (marks.walk > 0) mark('publish');
        return tenant.records.work(limit);
      },
    },
    async stage(file) {
      mark('parse');
      const stage = await tenant.stage(file);
      return {
        ...stage,
        put: (rows) =>
          timed(
            () => 'stage',
            () => stage.put(rows),
          ),
        groups: (after, rowsMax) => {
          mark('walk');
          return stage.groups(after, rowsMax);
        },
      };
    },
  });
  const wrapped: Store = { ...store, tenant: (grant) => wrap(store.tenant(grant)) };
  const phases = () => {
    const end = performance.now();
    const walk = marks.walk || end;
    const walkEnd = marks.publish || end;
    const seconds = (ms: number) => Math.round(ms) / 1000;
    return {
      receive: seconds(marks.parse - marks.receive),
      parse: seconds(walk - marks.parse - inside.stage),
      stage: seconds(inside.stage),
      walk: seconds(walkEnd - walk - inside.walkCommit),
      walkCommit: seconds(inside.walkCommit),
      project: seconds(end - walkEnd - inside.publishCommit),
      publishCommit: seconds(inside.publishCommit),
    };
  };
  return { store: wrapped, phases };
}
