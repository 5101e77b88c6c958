/** Crashes with `message` when an expectation about our own data is broken. Never for data from outside. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The value, asserted to be there. */
export function present<T>(value: T | null | undefined, what: string): T {
  assert(value !== null && value !== undefined, `${what} is absent`);
  return value;
}
