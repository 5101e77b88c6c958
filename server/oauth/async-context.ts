import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { assert } from '../core/assert.ts';
import { limits } from '../core/limits.ts';

/** The module has no types; a name that TypeScript does not follow spares a declaration of somebody else's inside. */
const module: string = 'oidc-provider/lib/helpers/als.js';
const { default: storage } = (await import(module)) as { readonly default: AsyncLocalStorage<unknown> };
assert(storage instanceof AsyncLocalStorage, 'the library keeps its request context where it did');

let inFlight = 0;
let rest: NodeJS.Timeout | undefined;

/**
 * Lets go of the authorization server's async context while no request of its own runs. From its first request on, Node
 * follows every promise of the process on behalf of that context: an eighth of a FHIR read (measured). The next request
 * switches it on again.
 */
export function holdAsyncContext(response: ServerResponse): void {
  inFlight += 1;
  clearTimeout(rest);
  response.once('close', () => {
    inFlight -= 1;
    if (inFlight > 0) return;
    // What the library does after it answered may still ask for its context.
    rest = setTimeout(() => storage.disable(), limits.asyncContextRestMs);
    rest.unref();
  });
}
