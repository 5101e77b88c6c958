import type { FileRow } from '../store/port.ts';
import { sourceOf } from '../tenancy/source.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { Feed } from './statements.ts';

/** The feed as the tenant's `sources` want it. */
export function feedAs({ sources }: Tenant, feed: Feed): Feed {
  const { population = feed.population } = sourceOf(sources, feed.feed);
  return { ...feed, population };
}

/** Why a file is refused that came another way than the tenant takes this feed; null where it may come so. */
export function strayWay({ id, sources }: Tenant, { source }: FileRow, { feed }: Feed): string | null {
  const { ways } = sourceOf(sources, feed);
  // `upload by CLIENT`, `drop folder (ARCHIVE)`: the way stands first.
  if (ways === undefined || ways.some((way) => source.startsWith(way))) return null;
  return `tenant ${id} takes files of the feed ${feed} by ${ways.join(' and ')} alone, not by ${source}`;
}

/** Full files in a row that must lack an assignment before its absence counts. */
export function absentFullFilesMin({ settings, sources }: Tenant, { feed }: Feed): number {
  return sourceOf(sources, feed).absentFullFilesMin ?? settings.absentFullFilesMin;
}
