import { type ChildProcess, spawn } from 'node:child_process';
import { compiledProgram } from './compiled-program.ts';
import { storeSetting } from './store-under-test.ts';

/** `esr-fhir serve` as a process group of its own, with the processes that it starts. */
export interface ServeProcess {
  readonly url: string;
  /** kill -9 for the server and everything that it started. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end; the exit status. */
  stop(): Promise<number | null>;
}

export async function serveProcess(data: string): Promise<ServeProcess> {
  const args = [compiledProgram(), 'serve', '--port', '0', '--data', data];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, ESR_FHIR_LOG_LEVEL: 'error', ESR_FHIR_STORE: storeSetting(data) },
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await listening(child);
  return {
    url,
    async kill() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await closed;
    },
    async stop() {
      child.kill('SIGTERM');
      return closed;
    },
  };
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [, url] = /listening on (\S+)/.exec(text) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.once('close', (code) => reject(new Error(`serve ended with ${code}`)));
  });
}

/** Waits until `condition` holds, looking ten times a second. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
