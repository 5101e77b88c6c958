import { readFileSync } from 'node:fs';
import type { Client } from '../auth/client.ts';
import { AppError } from '../core/error.ts';
import { type CommonOptions, table } from './command.ts';

/** Options of commands about one client. Without a tenant the platform's clients of the management API are meant. */
export interface OneClientOptions extends CommonOptions {
  readonly tenant?: string;
}

/** What the command line shows of a client. */
export function clientSummary({ id, name, tenant, admin, scope, authentication, contracts, status, ...more }: Client) {
  return {
    client_id: id,
    name,
    tenant,
    ...(admin === true ? { admin } : {}),
    scope,
    authentication,
    contracts,
    status,
    ...(more.permissionSet === undefined ? {} : { permission_set: more.permissionSet }),
    ...(more.redirectUris === undefined ? {} : { redirect_uris: more.redirectUris }),
    ...(more.expiresAt === undefined ? {} : { expires_at: more.expiresAt }),
  };
}

/** The same for people. */
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
