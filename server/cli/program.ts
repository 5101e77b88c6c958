import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { AppError } from '../core/error.ts';
import { StoreError } from '../store/error.ts';
import { auditCommand } from './audit.ts';
import { clientCommand } from './client.ts';
import { UsageError } from './command.ts';
import { csvProfileCommand } from './csv-profile.ts';
import { demoCommand } from './demo.ts';
import { filesCommand } from './files.ts';
import { generateCommand } from './generate.ts';
import type { OpenHouse } from './house.ts';
import { ingestCommand } from './ingest.ts';
import { initCommand } from './init.ts';
import { keysCommand } from './keys.ts';
import { lineageCommand } from './lineage.ts';
import { permissionSetCommand } from './permission-set.ts';
import { quarantineCommand } from './quarantine.ts';
import { reconcileCommand } from './reconcile.ts';
import { registrationTokenCommand } from './registration-token.ts';
import { serveCommand } from './serve.ts';
import { subscriptionCommand } from './subscription.ts';
import { tenantCommand } from './tenant.ts';
import { tokenCommand } from './token.ts';
import { userCommand } from './user.ts';
import { workCommand } from './work.ts';

/** The program with all its commands. */
function program(open: OpenHouse, version: string): Command {
  const all = [
    initCommand(open),
    demoCommand(open),
    serveCommand(open),
    tenantCommand(open),
    clientCommand(open),
    permissionSetCommand(open),
    registrationTokenCommand(open),
    tokenCommand(open),
    userCommand(open),
    keysCommand(open),
    ingestCommand(open),
    filesCommand(open),
    quarantineCommand(open),
    lineageCommand(open),
    reconcileCommand(open),
    auditCommand(open),
    subscriptionCommand(open),
    generateCommand(),
    csvProfileCommand(open),
    workCommand(open),
  ];
  const root = new Command('esr-fhir')
    .description('ESR files in, a governed multi-tenant FHIR R4 API out')
    // `files --tenant ID` and `files show … --tenant ID`: an option belongs to the command that it follows.
    .enablePositionalOptions()
    .version(version);
  for (const one of all) root.addCommand(one);
  const quiet = (command: Command) => {
    command.exitOverride();
    for (const child of command.commands) quiet(child);
  };
  quiet(root);
  return root;
}

/**
 * Runs one command line. Exit status 0 done, 1 failed, 2 bad usage; an error is one sentence on standard error.
 *
 * @param packageFile path of package.json, for `--version`
 */
export async function runCommandLine(open: OpenHouse, argv: readonly string[], packageFile: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  try {
    await program(open, version).parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has printed its message already; help and version end with 0
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.exitCode = error instanceof UsageError ? 2 : 1;
    const expected = error instanceof AppError || error instanceof StoreError;
    const text = error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`esr-fhir: ${text}\n`);
  }
}
