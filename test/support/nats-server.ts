import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.ts';

/** The program of a NATS server: `NATS_SERVER`, or `nats-server` of the path; undefined where there is none. */
export const natsProgram = [process.env['NATS_SERVER'], 'nats-server'].find(
  (name) => name !== undefined && spawnSync(name, ['--version']).status === 0,
);

/** A real NATS server with JetStream, on loopback. */
export interface NatsServer {
  readonly url: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** On the same port and files. */
  start(): Promise<void>;
}

export async function natsServer(program: string, folder: string): Promise<NatsServer> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async () => {
    const args = ['--jetstream', '--store_dir', folder, '--addr', '127.0.0.1', '--port', String(port)];
    const started = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Server is ready')) resolve();
      });
      started.once('close', () => reject(new Error(`the NATS server ended: ${said}`)));
    });
  };
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    start,
    async kill() {
      if (child === undefined) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      child = undefined;
    },
  };
}
