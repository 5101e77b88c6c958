import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { childEnvironment } from './child-environment.ts';
import type { House } from './house.ts';

const run = promisify(execFile);

type Program = Pick<House, 'entry' | 'settings'>;

/**
 * The JSON that one command of this program prints, from a process of its own, off the request thread. Throws
 * `unavailable` where the command fails.
 *
 * @param program the program's entry file; the Node options of this process go along
 */
export async function runOnce(program: Program, args: readonly string[]): Promise<unknown> {
  const { entry, settings } = program;
  try {
    const { stdout } = await run(process.execPath, [...process.execArgv, entry, ...args, '--json'], {
      maxBuffer: limits.bodyBytesMax,
      env: childEnvironment(settings),
    });
    return JSON.parse(stdout);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new AppError('unavailable', 'this cannot be computed at the moment', { detail });
  }
}
