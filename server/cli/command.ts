import { Command, InvalidArgumentError } from 'commander';
import { AppError } from '../core/error.ts';

/** Options that every command takes (interface.md, Command line). */
export interface CommonOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** A command with the options that all have. */
export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--data <dir>', 'data folder (default ./data, or ESR_FHIR_DATA)')
    .option('--json', 'print one JSON document on standard output');
}

/** Prints `document` as JSON where `--json` asks for it, else the `lines` for people. */
export function print(options: CommonOptions, document: unknown, lines: readonly string[]): void {
  const text = options.json === true ? JSON.stringify(document, null, 2) : lines.join('\n');
  if (text !== '') process.stdout.write(`${text}\n`);
}

/** For `argument parser` of commander: a whole number ≥ `least`. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < least) throw new InvalidArgumentError(`a whole number ≥ ${least}`);
    return number;
  };
}

/** Columns of equal width, for tables on a terminal. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Wrong usage that commander cannot see: exit status 2. */
export class UsageError extends AppError {
  constructor(message: string) {
    super('invalid', message);
  }
}
