import type { Worker } from 'node:worker_threads';
import { assert } from '../../core/assert.ts';
import { startThread } from '../../core/thread.ts';
import { StoreError, type StoreErrorCode } from '../error.ts';
import type { AuditRow } from '../port.ts';

/** What the thread is asked to do; it answers every call, in order. */
export type AuditCall =
  | { readonly do: 'open'; readonly path: string; readonly key: Uint8Array }
  | { readonly do: 'append'; readonly path: string; readonly count: number; readonly rows: string }
  | { readonly do: 'close'; readonly path: string };

export interface AuditReply {
  readonly failure: { readonly message: string; readonly code: StoreErrorCode | null } | null;
}

/** U+0000 is in no audit row: bytes are JSON, the rest is plain ASCII. */
const between = '\0';

/** Rows as one text: cloned for another thread, objects cost three times as much. */
function packed(rows: readonly AuditRow[]): string {
  return rows
    .map(({ writer, number, at, hash, bytes }) => [writer, number, at, hash, bytes].join(between))
    .join(between);
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

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The fsync of an append and the encryption of its pages take a quarter of a read where they hold up the request thread
 * (measured): here a thread does them while the next requests are worked on. A thread that dies fails what waits for
 * it; the next append starts another.
 */
export function auditAppender(): AuditAppender {
  let thread: Worker | undefined;
  const opened = new Set<string>();
  const waiting: Waiting[] = [];

  const start = (): Worker => {
    const started = startThread('audit-thread', import.meta.url);
    started.on('message', ({ failure }: AuditReply) => {
      const next = waiting.shift();
      if (failure === null) next?.resolve();
      else
        next?.reject(
          failure.code === null ? new Error(failure.message) : new StoreError(failure.code, failure.message),
        );
    });
    const gone = (why: string) => {
      if (thread !== started) return;
      thread = undefined;
      opened.clear();
      for (const { reject } of waiting.splice(0)) reject(new Error(`the audit thread ended: ${why}`));
    };
    started.on('error', (error) => gone(error.message));
    started.on('exit', (code) => gone(`exit ${code}`));
    return started;
  };
  const ask = (call: AuditCall): Promise<void> => {
    thread ??= start();
    thread.postMessage(call);
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
  thread = start();

  return {
    append(path, key, rows) {
      if (!opened.has(path)) {
        // What the opening fails with, the append behind it fails with as well.
        ask({ do: 'open', path, key: key() }).catch(() => {});
        opened.add(path);
      }
      return ask({ do: 'append', path, count: rows.length, rows: packed(rows) });
    },
    async close(path) {
      if (opened.delete(path)) await ask({ do: 'close', path });
    },
    async end() {
      for (const path of opened) await ask({ do: 'close', path });
      opened.clear();
      const ending = thread;
      thread = undefined;
      await ending?.terminate();
    },
  };
}
