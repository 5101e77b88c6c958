import type { StoredVersion } from '../port.ts';

/**
 * Versions kept in memory, bounded in bytes over all tenants. A version never changes, so an entry never goes stale.
 * Two generations stand in for an exact LRU: what was used since the last turn survives the next one.
 */
export interface BodyCache {
  /** A part of the cache for one opened tenant, keyed by the version's number. */
  shard(): CacheShard;
}

export interface CacheShard {
  get(vid: number): StoredVersion | undefined;
  set(vid: number, version: StoredVersion): void;
  drop(): void;
}

/** What an entry costs besides its body. */
const overheadBytes = 400;

export function bodyCache(bytesMax: number): BodyCache {
  const shards = new Set<{ turn(): void }>();
  let bytes = 0;
  const take = (size: number) => {
    bytes += size;
    if (bytes <= bytesMax / 2) return;
    for (const each of shards) each.turn();
    bytes = size;
  };
  return {
    shard() {
      let young = new Map<number, StoredVersion>();
      let old = new Map<number, StoredVersion>();
      const generations = {
        turn() {
          old = young;
          young = new Map();
        },
      };
      shards.add(generations);
      const set = (vid: number, version: StoredVersion) => {
        take(version.body.length + overheadBytes);
        young.set(vid, version);
      };
      return {
        get(vid) {
          const recent = young.get(vid);
          if (recent !== undefined) return recent;
          const older = old.get(vid);
          if (older !== undefined) set(vid, older);
          return older;
        },
        set,
        drop() {
          shards.delete(generations);
          young.clear();
          old.clear();
        },
      };
    },
  };
}
