import { type ResourceLimits, Worker } from 'node:worker_threads';

/**
 * A thread of an entry file that lies beside `from` (an `import.meta.url`) under `name`, without extension. In a
 * checkout the files are TypeScript: the loader that runs them there serves only the main thread, until a thread
 * registers it for itself.
 */
export function startThread(name: string, from: string, resourceLimits: ResourceLimits = {}): Worker {
  if (!from.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, from), { resourceLimits });
  const entry = JSON.stringify(new URL(`./${name}.ts`, from).href);
  // The code of such a thread stands nowhere: names in it are looked up from here, not from the working directory.
  const here = `require('node:module').createRequire(${JSON.stringify(from)})`;
  const code = `${here}('tsx/esm/api').register(); import(${entry});`;
  return new Worker(code, { eval: true, resourceLimits });
}
