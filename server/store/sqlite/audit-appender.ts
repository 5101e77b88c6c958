import { assert } from '../../core/assert.ts';
import type { AuditRow } from '../port.ts';
import { type ThreadCalls, threadCalls } from './thread-calls.ts';

/** What the thread is asked to do; it answers every call, in order. */
export type AuditCall =
  | { readonly do: 'open'; readonly path: string; readonly key: Uint8Array }
  | { readonly do: 'append'; readonly path: string; readonly count: number; readonly rows: string }
  | { readonly do: 'close'; readonly path: string };

/** U+0000 is in no audit row: bytes are JSON, the rest is plain ASCII. */
const between = '\0';

/** Rows as one text: cloned for another thread, objects cost three times as much. */
function packed(rows: readonly AuditRow[]): string {
  const texts = rows.map(
    ({ writer, number, at, hash, bytes }) =>
      `${writer}${between}${number}${between}${at}${between}${hash}${between}${bytes}`,
  );
  return texts.join(between);
}

/** The rows of `packed`. Throws where the text is not of `count` rows. */
export function unpacked(text: string, count: number): readonly AuditRow[] {
  const fields = text.split(between);
  assert(fields.length === count * 5, 'no audit row holds U+0000');
  return Array.from({ length: count }, (_, row) => {
    const [writer = '', number = '', at = '', hash = '', bytes = ''] = fields.slice(row * 5, row * 5 + 5);
    return { writer, number: Number(number), at, hash, bytes };
  });
}

/** Appends to audit files in a thread of its own. */
export interface AuditAppender {
  /** Durable when it resolves. `key`: of the file; asked for when the file is opened, at first and after a close. */
  append(path: string, key: () => Buffer, rows: readonly AuditRow[]): Promise<void>;
  /** Closes a file; the next append opens it again. */
  close(path: string): Promise<void>;
  /** Ends the thread when all that was asked is done. */
  end(): Promise<void>;
}

/**
 * The fsync of an append and the encryption of its pages take a quarter of a read where they hold up the request thread
 * (measured): here a thread does them while the next requests are worked on. A thread that dies fails what waits for
 * it; the next append starts another.
 */
export function auditAppender(): AuditAppender {
  const opened = new Set<string>();
  const start = () => threadCalls<AuditCall, null>('audit thread', 'audit-thread', import.meta.url);
  let thread: ThreadCalls<AuditCall, null> = start();
  const live = () => {
    if (thread.ended() === undefined) return thread;
    opened.clear();
    thread = start();
    return thread;
  };

  return {
    async append(path, key, rows) {
      const { ask } = live();
      if (!opened.has(path)) {
        // What the opening fails with, the append behind it fails with as well.
        ask({ do: 'open', path, key: key() }).catch(() => {});
        opened.add(path);
      }
      await ask({ do: 'append', path, count: rows.length, rows: packed(rows) });
    },
    async close(path) {
      if (opened.delete(path)) await live().ask({ do: 'close', path });
    },
    async end() {
      for (const path of opened) await live().ask({ do: 'close', path });
      opened.clear();
      await thread.terminate();
    },
  };
}
