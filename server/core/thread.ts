import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type ResourceLimits, Worker } from 'node:worker_threads';

/** Names the folder of the JavaScript that this checkout's `server/` compiles to; tests set it. */
const compiledServer = 'COMPILED_SERVER';

/**
 * A thread of an entry file that lies beside `from` (an `import.meta.url`) under `name`, without extension. In a
 * checkout the files are TypeScript: the loader that runs them there serves only the main thread, until a thread
 * registers it for itself, which takes a third of a second; or they are compiled once for all (`compiledServer`).
 */
export function startThread(name: string, from: string, resourceLimits: ResourceLimits = {}): Worker {
  if (!from.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, from), { resourceLimits });
  const compiled = process.env[compiledServer];
  if (compiled !== undefined) {
    const folder = relative(join(import.meta.dirname, '..'), dirname(fileURLToPath(from)));
    return new Worker(join(compiled, folder, `${name}.js`), { resourceLimits });
  }
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
