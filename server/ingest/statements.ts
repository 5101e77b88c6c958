import { chooseSlice } from '../mapping/in-force.ts';
import type { Absence, FieldValue, RecordKey, RecordLayers, Slice, SourceRecord, Statement } from '../record/record.ts';

/** Where a file's word stands among those of other feeds on the same record (decision 0008). */
export interface Feed extends Pick<Statement, 'feed' | 'precedence' | 'wins'> {
  /** A row feeds several records, and rows repeat what they say of them: they must agree. */
  readonly repeats: boolean;
  /** Does the absence of an assignment from a full file mean that it ended, or is it a doubt? */
  readonly population: 'complete' | 'partial';
}

/** The Generic Outbound feed: its word wins by default. */
export const go2Feed: Feed = { feed: 'go2', precedence: 0, repeats: false, population: 'partial' };

/** The old weekly feed of version 1, whose rows repeat organisations by name. */
export const go1Feed: Feed = { feed: 'go1', precedence: 10, repeats: true, population: 'partial' };

/** A statement with its slices. */
type Word = Statement & { readonly slices: readonly Slice[] };

const plain = /^[^=]*$/;
const endOfTime = '9999-12-31';

/**
 * What a feed's word on a record hashed to when it was last stored; undefined where it has said nothing, or where the
 * record was absent since. A record that is the GO2 feed's alone has that feed's hash as it is.
 *
 * @param stored the record's stored hash (`RecordReader.hashes`)
 */
export function statedHash(stored: string | undefined, feed: string): string | undefined {
  if (stored === undefined) return undefined;
  if (plain.test(stored)) return feed === go2Feed.feed ? stored : undefined;
  const entry = stored.split(' ').find((one) => one.startsWith(`${feed}=`));
  const hash = entry?.slice(feed.length + 1);
  return hash === '' ? undefined : hash;
}

/** The feeds' words on a stored record. */
export function wordsOf(record: SourceRecord): readonly Word[] {
  const { file, hash, slices, layers } = record;
  if (layers?.statements === undefined) return [{ feed: go2Feed.feed, precedence: 0, file, hash, slices }];
  return layers.statements.map((statement) => ({ ...statement, slices: statement.slices ?? slices }));
}

/** These words with `word` in place of its feed's earlier one. */
export function withWord(words: readonly Word[], word: Word): readonly Word[] {
  return [...words.filter(({ feed }) => feed !== word.feed), word];
}

/**
 * The record as its feeds' words (at least one) make it. The first feed's slices count; each takes what it lacks from
 * the slice of the next feed that is in force on its own last day.
 *
 * @param more.file the file that made the record what it is now
 */
export function recordOf(
  key: RecordKey,
  stated: readonly Word[],
  more: Pick<RecordLayers, 'absences' | 'esrId'> & { readonly file: string },
): SourceRecord {
  const words = [...stated].sort((a, b) => a.precedence - b.precedence || (a.feed < b.feed ? -1 : 1));
  const absences = more.absences ?? {};
  const absent = Object.keys(absences).length > 0;
  const [only] = words;
  const bare = words.length === 1 && only?.feed === go2Feed.feed && !absent;
  const layers: RecordLayers = {
    ...(bare ? {} : { statements: words.length === 1 ? words.map(withoutSlices) : words }),
    ...(absent ? { absences } : {}),
    ...(more.esrId === undefined ? {} : { esrId: more.esrId }),
  };
  const hash = bare ? only.hash : words.map((word) => `${word.feed}=${hashNow(word, absences)}`).join(' ');
  const record = { type: key.type, id: key.id, file: more.file, hash, slices: merged(key, words) };
  return Object.keys(layers).length === 0 ? record : { ...record, layers };
}

/** The file whose lines a record's slices name. */
export function primaryFile(record: SourceRecord): string {
  return record.layers?.statements?.[0]?.file ?? record.file;
}

function withoutSlices({ slices: _, ...statement }: Word): Statement {
  return statement;
}

/** A record that a feed lacks has no hash of it, so that its coming back is a change. */
function hashNow(word: Word, absences: Readonly<Record<string, Absence>>): string {
  return absences[word.feed] === undefined ? word.hash : '';
}

function merged(key: RecordKey, [first, ...others]: readonly Word[]): readonly Slice[] {
  const slices = first?.slices ?? [];
  if (others.length === 0) return slices;
  return slices.map((slice) => {
    const fields: Record<string, FieldValue> = { ...slice.fields };
    for (const other of others) {
      const wins = new Set(other.wins ?? []);
      const said = chooseSlice(other.slices, slice.end ?? endOfTime).slice.fields;
      for (const [name, value] of Object.entries(said)) {
        if (fields[name] === undefined || wins.has(`${key.type}.${name}`)) fields[name] = value;
      }
    }
    return { ...slice, fields };
  });
}
