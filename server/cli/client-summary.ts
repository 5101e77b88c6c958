import { readFileSync } from 'node:fs';
import { AppError } from '../core/error.ts';
import { type CommonOptions, table } from './command.ts';

/** Options of commands about one client. Without a tenant the platform's clients of the management API are meant. */
export interface OneClientOptions extends CommonOptions {
  readonly tenant?: string;
}

/** A client, as `clientSummary` shows it, for people. */
export function clientLines(document: Readonly<Record<string, unknown>>): string[] {
  return table(
    Object.entries(document).map(([key, value]) => [key, Array.isArray(value) ? value.join(' ') : String(value)]),
  );
}

/** The JSON in a file. Throws `invalid`. */
export function jsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new AppError('invalid', `${file} cannot be read as JSON: ${(error as Error).message}`);
  }
}
