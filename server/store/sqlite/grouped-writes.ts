import type { Connection } from './connection.ts';
import type { Bound } from './fragment.ts';

export interface GroupedWrites {
  /** Resolves, when the statement's rows are durable, to how many it changed. */
  run(text: string, ...params: readonly Bound[]): Promise<number>;
  /** Commits what waits, now. */
  commit(): void;
}

interface Write {
  readonly text: string;
  readonly params: readonly Bound[];
  readonly done: (changes: number) => void;
  readonly failed: (failure: unknown) => void;
}

/** Writes wait for company for some turns of the event loop, which are short while there is little to do. */
const turnsWaitedMax = 4;
const writesWorthwhile = 16;

/**
 * Single statements that come in a few turns of the event loop share one transaction: with one of its own, each makes
 * the thread wait for the disk (0.9 ms, as long as a signature takes: measured). They run in the order they came in;
 * where one fails, or the commit, all of the group are rejected and none is done.
 */
export function groupedWrites(file: Connection): GroupedWrites {
  let waiting: Write[] = [];
  const commit = () => {
    const group = waiting;
    if (group.length === 0) return;
    waiting = [];
    try {
      const changes = file.immediate(() => group.map(({ text, params }) => file.run(text, ...params)));
      for (const [at, { done }] of group.entries()) done(changes[at] ?? 0);
    } catch (failure) {
      for (const { failed } of group) failed(failure);
    }
  };
  const turn = (left: number) => {
    if (left === 0 || waiting.length >= writesWorthwhile) commit();
    else setImmediate(turn, left - 1);
  };
  return {
    run: (text, ...params) =>
      new Promise((done, failed) => {
        waiting.push({ text, params, done, failed });
        if (waiting.length === 1) setImmediate(turn, turnsWaitedMax);
      }),
    commit,
  };
}
