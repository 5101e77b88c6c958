import { assert } from '../core/assert.ts';
import type { AuditEntry, WriterHead } from './entry.ts';

/** The chain of a log's checkpoints. */
export const checkpointWriter = 'checkpoint';

/** What a checkpoint says. Its place in its own chain is signed too: it cannot be moved, doubled or left out. */
export interface CheckpointStatement {
  readonly tenant: string | null;
  /** Place in the chain of checkpoints, and the hash of the one before. */
  readonly number: number;
  readonly previous: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly heads: readonly WriterHead[];
}

/** The text that is signed: one statement, one text. No part of it can hold a line break. */
export function checkpointText({ tenant, number, previous, at, heads }: CheckpointStatement): string {
  const lines = heads.map((head) => `${head.writer} ${head.number} ${head.hash}`);
  const text = ['esr-fhir audit checkpoint 1', tenant ?? '', String(number), previous, at, ...lines];
  assert(
    text.every((line) => !line.includes('\n')),
    'a checkpoint has one line per statement',
  );
  return text.join('\n');
}

/** The audit entry that a signed checkpoint is stored as. */
export function checkpointEntry(statement: CheckpointStatement, key: string, signature: string): AuditEntry {
  const id = `${checkpointWriter}-${statement.number}`;
  return integrityEntry({
    at: statement.at,
    tenant: statement.tenant,
    interaction: 'checkpoint',
    requestId: id,
    checkpoint: { heads: statement.heads, key, signature },
  });
}

/** An entry about the log itself: nobody asked, nothing was disclosed. */
export function integrityEntry(
  what: Pick<AuditEntry, 'at' | 'tenant' | 'interaction' | 'requestId'> & Partial<AuditEntry>,
): AuditEntry {
  return {
    kind: 'integrity',
    client: null,
    jti: null,
    type: null,
    id: null,
    query: null,
    status: 0,
    outcome: 0,
    reason: null,
    correlationId: what.requestId,
    address: null,
    disclosed: [],
    ...what,
  };
}
