import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'dist/tested');
const keptMs = 24 * 3600 * 1000;

let program: string | undefined;

/**
 * The program as JavaScript, of the sources as they are: a process that compiles them for itself needs twice the time
 * to start. Made by whichever test asks first; test runs of the same sources share it.
 */
export function compiledProgram(): string {
  program ??= join(compiled(), 'server/main.js');
  return program;
}

function compiled(): string {
  const made = join(folder, hashOfSources());
  if (existsSync(made)) return made;
  forgetOld();
  const unfinished = `${made}-${randomBytes(4).toString('hex')}`;
  mkdirSync(unfinished, { recursive: true });
  const options = ['--project', 'tsconfig.build.json', '--outDir', unfinished, '--noCheck', '--sourceMap', 'false'];
  const { status, stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...options], {
    cwd: root,
  });
  if (status !== 0) throw new Error(`the program does not compile: ${stdout}`);
  try {
    renameSync(unfinished, made);
  } catch (error) {
    // Another run was faster.
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(made)) throw error;
  }
  return made;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  const names = readdirSync(join(root, 'server'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('server', name))
    .toSorted();
  for (const name of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...names]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, name)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

function forgetOld(): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const old = Date.now() - statSync(join(folder, name)).mtimeMs > keptMs;
    if (old) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
