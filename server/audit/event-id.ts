import { assert } from '../core/assert.ts';

/** A writer's name: part of the AuditEvent ids of its rows, which have at most 64 characters (FHIR R4, id). */
const writerPattern = /^[a-z0-9][a-z0-9-]{0,47}$/;
const idPattern = /^([a-z0-9][a-z0-9-]{0,47})-([1-9a-z][0-9a-z]{0,10})$/;

export function assertWriter(writer: string): void {
  assert(writerPattern.test(writer), 'an audit writer is named by lower-case letters, digits and hyphens');
}

/** The AuditEvent id of a writer's row: the writer, a hyphen, the number in base 36. */
export function auditEventId(writer: string, number: number): string {
  assertWriter(writer);
  assert(Number.isSafeInteger(number) && number > 0, 'audit rows count from 1');
  return `${writer}-${number.toString(36)}`;
}

/** Writer and number of an AuditEvent id; undefined where no row can have it. */
export function auditEventRow(id: string): { readonly writer: string; readonly number: number } | undefined {
  const parts = idPattern.exec(id);
  if (parts === null) return undefined;
  const [, writer = '', digits = ''] = parts;
  const number = Number.parseInt(digits, 36);
  return Number.isSafeInteger(number) ? { writer, number } : undefined;
}
