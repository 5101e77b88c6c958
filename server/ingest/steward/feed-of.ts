import type { FileRow } from '../../store/port.ts';
import { csvFeed } from '../csv-feed.ts';
import { type Feed, go2Feed } from '../statements.ts';
import type { Stewardship } from './decision.ts';

/** Whose word a file's rows are: the feed of the CSV profile that read it, as it is now, else the GO2 feed. */
export function feedOf({ parts, tenant }: Stewardship, file: FileRow | undefined): Feed {
  const feeds = parts.csvProfiles(tenant).map(csvFeed);
  return feeds.find(({ feed }) => feed === file?.format) ?? go2Feed;
}
