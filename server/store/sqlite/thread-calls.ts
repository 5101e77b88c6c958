import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import { startThread } from '../../core/thread.ts';
import { StoreError, type StoreErrorCode } from '../error.ts';

type Reply<Result> =
  | { readonly result: Result }
  | { readonly failure: { readonly message: string; readonly code: StoreErrorCode | null } };

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that carries out one call after the other. */
export interface ThreadCalls<Call, Result> {
  /**
   * Resolves with what the call gave. Rejects with its failure (`StoreError`s keep their code), or when the thread
   * died.
   */
  ask(call: Call): Promise<Result>;
  /** Why the thread is no more; undefined while it lives. */
  ended(): Error | undefined;
  terminate(): Promise<void>;
}

/**
 * Starts the thread of an entry file beside `from` that answers with `answerCalls`. A thread that dies fails what waits
 * for it and everything after.
 *
 * @param what how the reason names it
 */
export function threadCalls<Call, Result>(
  what: string,
  name: string,
  from: string,
  memory?: ResourceLimits,
): ThreadCalls<Call, Result> {
  const thread = startThread(name, from, memory);
  const waiting: Waiting<Result>[] = [];
  let ended: Error | undefined;
  thread.on('message', (reply: Reply<Result>) => {
    const next = waiting.shift();
    if ('result' in reply) next?.resolve(reply.result);
    else next?.reject(errorOf(reply.failure));
  });
  const gone = (why: string) => {
    ended ??= new Error(`the ${what} ended: ${why}`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  thread.on('error', (error) => gone(error.message));
  thread.on('exit', (code) => gone(`exit ${code}`));
  return {
    ask(call) {
      if (ended !== undefined) return Promise.reject(ended);
      thread.postMessage(call);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    ended: () => ended,
    async terminate() {
      await thread.terminate();
    },
  };
}

function errorOf({ code, message }: { readonly message: string; readonly code: StoreErrorCode | null }): Error {
  return code === null ? new Error(message) : new StoreError(code, message);
}

/** The thread's side: answers every call, in order, with what `carryOut` gives or throws. */
export function answerCalls<Call, Result>(port: MessagePort, carryOut: (call: Call) => Result): void {
  port.on('message', (call: Call) => {
    let reply: Reply<Result>;
    try {
      reply = { result: carryOut(call) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      reply = { failure: { message, code: error instanceof StoreError ? error.code : null } };
    }
    port.postMessage(reply);
  });
}
