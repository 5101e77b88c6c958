import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../core/error.ts';

/** Beside the databases, never in them: whoever has a copy of the databases alone can read nothing. */
const fileName = 'master.key';

/**
 * The master key: `setting` (`ESR_FHIR_MASTER_KEY`, 64 hex digits or 43 base64url characters) where given, else the
 * file `DIR/master.key`, which `create` makes when it is missing.
 */
export function masterKey(directory: string, setting: string | undefined, create: boolean): Buffer {
  if (setting !== undefined) return parse(setting, 'ESR_FHIR_MASTER_KEY');
  const path = join(directory, fileName);
  if (existsSync(path)) return parse(readFileSync(path, 'utf8').trim(), path);
  if (!create) throw new AppError('invalid', `no master key in ${directory}: run "esr-fhir init" first`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const key = randomBytes(32);
  writeFileSync(path, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}

function parse(text: string, where: string): Buffer {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64url');
  if (key.length !== 32) throw new AppError('invalid', `${where} must be 32 bytes as hex or base64url`);
  return key;
}
