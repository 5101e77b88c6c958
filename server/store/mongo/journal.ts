import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { ClientSession } from 'mongoose';
import { assert, present } from '../../core/assert.ts';
import { limits } from '../../core/limits.ts';
import { StoreError } from '../error.ts';
import type { Batch } from '../port.ts';
import { isDuplicateKey, type Part } from './part.ts';
import type { Documents } from './schema.ts';

/** Runs `work` in a transaction, again where the server asks for it. */
export type Transaction = <T>(work: (session: ClientSession) => Promise<T>) => Promise<T>;

export interface JournalParts {
  readonly batch: Part<Documents['batch']>;
  readonly payload: Part<Documents['payload']>;
}

type Entry = Documents['batch'];
export type Fences = Entry['fences'];

export interface JournalHead extends Batch {
  readonly fences: Fences;
  /** No entry follows. */
  readonly closed?: boolean;
}

export interface Draft<Parts> {
  /** ISO 8601 UTC with milliseconds. */
  readonly at: string;
  /** Plain data: what JSON gives back. */
  readonly ops: readonly object[];
  /** Looks at the state after `head`, in which the batch would stand; throws what forbids it. */
  readonly check: (parts: Parts, head: JournalHead, session?: ClientSession) => Promise<Fences>;
}

/**
 * The order of all writes to one part of the store. **Inserting the entry with the next number is the commit**: of
 * many writers who looked at the state after batch n, one gets to insert n + 1, the others look again. Writing what the
 * batch says comes after and may be done twice, by anybody: whoever finds the newest entry unfinished does it. So a
 * crash anywhere leaves a batch whole or not there, on any server that keeps `_id` unique. Where the server has
 * transactions entry and writes are one, and nothing is ever found unfinished.
 */
export interface Journal {
  /** Of the newest batch, when everything is written that it says. */
  head(): Promise<JournalHead>;
  /** Does `work`, again where a dead writer's batch had to be finished first. */
  reading<T>(work: () => Promise<T>): Promise<T>;
}

export interface WritableJournal<Parts> extends Journal {
  commit(draft: Draft<Parts>): Promise<Batch>;
}

interface JournalOptions<Parts> {
  /** Finds where the parts are; what comes back binds them to a session. */
  readonly parts: (fresh: boolean) => Promise<(session?: ClientSession) => Parts>;
  /** Writes what a batch says; more than once, also late, without harm (`Part.writeAsOf`). */
  readonly apply: (parts: Parts, batch: Batch, ops: readonly object[]) => Promise<void>;
  readonly transaction: Transaction | undefined;
}

const emptyHead: JournalHead = { sequence: 0, at: new Date(0).toISOString(), fences: [] };

/** Numbers as text whose order is theirs. */
export function pad(number: number): string {
  return String(number).padStart(10, '0');
}

export function journalOf<Parts extends JournalParts>(options: JournalOptions<Parts>): WritableJournal<Parts> {
  const { parts, transaction } = options;
  const redoing = redoer(options);

  const commit = async (draft: Draft<Parts>): Promise<Batch> => {
    for (;;) {
      const within = await parts(true);
      const batch =
        transaction === undefined
          ? await commitOnce(options, redoing, within(), draft)
          : await commitAtomically(options, redoing, within, transaction, draft);
      if (batch !== undefined) return batch;
      await setTimeout(limits.journalRetryMs * Math.random());
    }
  };

  /** Writers of one process come one after the other: they would only lose to each other. */
  let last: Promise<unknown> = Promise.resolve();
  return {
    head: async () => redoing.settled((await parts(false))()),
    async reading(work) {
      if (transaction !== undefined) return work();
      const at = (await parts(false))();
      const [redone, result] = await Promise.all([newest(at).then((entry) => redoing.redoStale(at, entry)), work()]);
      return redone ? work() : result;
    },
    commit(draft) {
      const turn = last.then(() => commit(draft));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

interface Redoer<Parts> {
  /** Redoes an entry that nobody finished in time; true where it did. Its writer may still be at it: be patient. */
  redoStale(at: Parts, entry: Entry | undefined): Promise<boolean>;
  /** The newest entry once it is finished. */
  settled(at: Parts): Promise<JournalHead>;
}

function redoer<Parts extends JournalParts>({ apply }: Pick<JournalOptions<Parts>, 'apply'>): Redoer<Parts> {
  /** Since when this process has seen the newest entry unfinished. */
  let unfinished: { readonly sequence: number; readonly sinceMs: number } | undefined;
  const redoStale = async (at: Parts, entry: Entry | undefined): Promise<boolean> => {
    if (entry === undefined || entry.done) return false;
    const { sequence } = entry;
    if (unfinished?.sequence !== sequence) unfinished = { sequence, sinceMs: performance.now() };
    if (performance.now() - unfinished.sinceMs < limits.journalPatienceMs) return false;
    const ops = await opsOf(at, entry);
    if (ops === undefined) return true;
    await apply(at, { sequence, at: entry.at }, ops);
    await finish(at, sequence);
    return true;
  };
  return {
    redoStale,
    async settled(at) {
      for (;;) {
        const entry = await newest(at);
        if (entry === undefined || entry.done) return entry ?? emptyHead;
        if (!(await redoStale(at, entry))) await setTimeout(limits.journalRetryMs);
      }
    },
  };
}

/** Undefined where another writer took the number. */
async function commitOnce<Parts extends JournalParts>(
  { apply }: JournalOptions<Parts>,
  { settled }: Redoer<Parts>,
  at: Parts,
  draft: Draft<Parts>,
): Promise<Batch | undefined> {
  const head = await settled(at);
  refuseClosed(head);
  const fences = await draft.check(at, head);
  const batch = { sequence: head.sequence + 1, at: draft.at };
  if (!(await insertEntry(at, batch, fences, draft.ops))) return undefined;
  await apply(at, batch, draft.ops);
  await finish(at, batch.sequence);
  return batch;
}

/** The same in one transaction. */
async function commitAtomically<Parts extends JournalParts>(
  { apply }: JournalOptions<Parts>,
  { settled }: Redoer<Parts>,
  within: (session?: ClientSession) => Parts,
  begin: Transaction,
  draft: Draft<Parts>,
): Promise<Batch | undefined> {
  try {
    return await begin(async (session) => {
      const at = within(session);
      const head = await newest(at);
      if (head?.done === false) throw new Unfinished();
      refuseClosed(head);
      const fences = await draft.check(at, head ?? emptyHead, session);
      const batch = { sequence: (head?.sequence ?? 0) + 1, at: draft.at };
      await at.batch.insertNew(pad(batch.sequence), entryOf(batch, fences, true));
      await apply(at, batch, draft.ops);
      return batch;
    });
  } catch (error) {
    if (error instanceof Unfinished) await settled(within());
    else if (!isDuplicateKey(error)) throw error;
    return undefined;
  }
}

function refuseClosed(head: Pick<JournalHead, 'closed'> | undefined): void {
  if (head?.closed === true) throw new StoreError('moving', 'no batch follows here: the data are being moved');
}

/** Ends the journal with an entry that none follows: of those who look at the state before it, none can insert any. */
export async function closeJournal<Parts extends JournalParts>(
  at: Parts,
  apply: JournalOptions<Parts>['apply'],
): Promise<void> {
  const redoing = redoer({ apply });
  for (;;) {
    const head = await redoing.settled(at);
    if (head.closed === true) return;
    const batch = { sequence: head.sequence + 1, at: head.at };
    const entry = { ...entryOf(batch, head.fences, true), closed: true };
    if (await at.batch.insertNew(pad(batch.sequence), entry)) return;
  }
}

/** Takes the end back. */
export async function openJournal({ batch }: JournalParts): Promise<void> {
  await batch.remove({ closed: true });
}

/** A process without transactions left a batch that must be finished first. */
class Unfinished extends Error {}

function newest(at: JournalParts): Promise<Entry | undefined> {
  return at.batch.findOne({}, { sort: { sequence: -1 } });
}

function entryOf({ sequence, at }: Batch, fences: Fences, done: boolean): Omit<Entry, '_id'> {
  return { sequence, at, ms: Date.parse(at), done, fences };
}

/** A document has 16 MB at the most: long batches stand in pieces, which are there before the entry is. */
async function insertEntry(at: JournalParts, batch: Batch, fences: Fences, ops: readonly object[]): Promise<boolean> {
  const entry = entryOf(batch, fences, false);
  const key = pad(batch.sequence);
  const text = JSON.stringify(ops);
  if (text.length <= limits.journalInlineCharactersMax) return at.batch.insertNew(key, { ...entry, ops: text });
  const payload = randomBytes(8).toString('hex');
  const pieces = piecesOf(text);
  for (const [index, piece] of pieces.entries()) {
    const document = { sequence: batch.sequence, writer: payload, text: piece };
    assert(await at.payload.insertNew(`${key}/${payload}/${pad(index)}`, document), 'a piece is new');
  }
  return at.batch.insertNew(key, { ...entry, payload });
}

function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + limits.journalPieceCharactersMax, text.length);
    // Half a surrogate pair is no text of its own.
    if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to -= 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

/** The ops of an unfinished entry; undefined where somebody has finished it meanwhile. */
async function opsOf(at: JournalParts, { _id, sequence, ops, payload }: Entry) {
  if (ops !== undefined) return JSON.parse(ops) as readonly object[];
  const pieces = await at.payload.find({ sequence, writer: present(payload, 'the payload') }, { sort: { _id: 1 } });
  const now = await at.batch.findOne({ _id });
  if (now === undefined || now.done) return undefined;
  return JSON.parse(pieces.map((piece) => piece.text).join('')) as readonly object[];
}

/** The pieces of writers who came second to this number go too. */
async function finish(at: JournalParts, sequence: number): Promise<void> {
  await at.batch.update({ _id: at.batch.id(pad(sequence)) }, { done: true }, ['ops', 'payload']);
  await at.payload.remove({ sequence: { $lte: sequence } });
}
