import type { CsvProfile } from './formats/csv/profile.ts';
import type { Feed } from './statements.ts';

/** A profile's reports as a feed of their own. */
export function csvFeed({ id, precedence, wins, population }: CsvProfile): Feed {
  return { feed: `csv-${id}`, precedence, ...(wins.length === 0 ? {} : { wins }), repeats: true, population };
}
