import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type ResourceLimits, Worker } from 'node:worker_threads';

/**
 * A thread of an entry file that lies beside `from` (an `import.meta.url`) under `name`, without extension. In a
 * checkout the files are TypeScript: the loader that runs them there serves only the main thread, until a thread
 * registers it for itself.
 */
export function startThread(name: string, from: string, resourceLimits: ResourceLimits = {}): Worker {
  if (!from.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, from), { resourceLimits });
  const entry = JSON.stringify(new URL(`./${name}.ts`, from).href);
  // The code of such a thread stands nowhere: the loader is looked up from here, not from the working directory.
  // Only its module for `import` can serve a thread, and lies beside the one that `resolve` finds.
  const found = createRequire(from)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const loader = JSON.stringify(pathToFileURL(found).href);
  return new Worker(`import(${loader}).then(({ register }) => { register(); return import(${entry}); })`, {
    eval: true,
    resourceLimits,
  });
}
