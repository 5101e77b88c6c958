import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { present } from '../../server/core/assert.ts';
import { ingestEnvironment, ingestNodeOptions } from '../../server/ingest/node-options.ts';

/** The built file of the project that lies at `path` (from its root, without extension). */
export function builtFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}.js`, import.meta.url));
}

export interface Started {
  readonly url: string;
  /** CPU seconds that the process has used, user and system; undefined where the platform does not tell. */
  cpuSeconds(): number | undefined;
  /** Ends it cleanly and waits. */
  stop(): Promise<void>;
}

/** Starts a server of ours in a process of its own and waits for its line `listening on URL`. */
export async function startServer(file: string, args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await listeningUrl(child);
  return {
    url,
    cpuSeconds: () => cpuSeconds(present(child.pid, 'process id')),
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

async function listeningUrl({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: present(stdout, 'standard output') })) {
    const url = /^listening on (\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it listened');
}

/** Clock ticks are 100 a second on every Linux that Node runs on. */
function cpuSeconds(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** How a process runs. */
interface Manner {
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The priority, as the operating system counts it. */
  readonly nice?: number;
}

/** The manner of a server's process that ingests. */
export const ingesting: Manner = { nodeOptions: ingestNodeOptions, environment: ingestEnvironment };

/** Runs a file to its end and returns the JSON document that it prints. Throws where it fails. */
export async function runForJson<T>(file: string, args: readonly string[], manner: Manner = {}) {
  const { nodeOptions = [], environment = {}, nice = constants.priority.PRIORITY_NORMAL } = manner;
  const child = spawn(process.execPath, [...nodeOptions, file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...environment, ...process.env },
  });
  if (nice > constants.priority.PRIORITY_NORMAL) setPriority(present(child.pid, 'process id'), nice);
  const text: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => text.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${Buffer.concat(text).toString()}`);
  return JSON.parse(Buffer.concat(text).toString()) as T;
}
