import type { FileRow } from '../../store/port.ts';
import { csvFeed } from '../csv-feed.ts';
import { type Feed, go1Feed, go2Feed } from '../statements.ts';
import type { Stewardship } from './decision.ts';

/** Whose word a file's rows are: GO v1's, that of the CSV profile that read it, as it is now, else GO2's. */
export function feedOf({ parts, tenant }: Stewardship, file: FileRow | undefined): Feed {
  if (file?.format === go1Feed.feed) return go1Feed;
  const feeds = parts.csvProfiles(tenant).map(csvFeed);
  return feeds.find(({ feed }) => feed === file?.format) ?? go2Feed;
}
