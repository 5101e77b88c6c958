/** What a test may need that is not there everywhere. */
export type Need =
  | 'files of the embedded store'
  | 'a store for one machine'
  | 'a store without the other isolation models'
  | 'transactions'
  | 'text sorted by code point'
  | 'explain'
  | 'VERIFY=1'
  | `program ${string}`;

/** Skips the test, in a hook every test of its suite, unless `there`; the reporter prints what was lacking. */
export function needs(context: Mocha.Context, need: Need, there: boolean): void {
  if (there) return;
  const runnable = context.runnable();
  const inHook = 'type' in runnable && runnable.type === 'hook';
  Object.assign(inHook ? (runnable.parent ?? runnable) : runnable, { lacks: need });
  context.skip();
}
