import { limits } from '../../core/limits.ts';
import type { Fields } from '../../record/record.ts';
import type { ExceptionRow, FileRow, StagedRow, TenantStore } from '../../store/port.ts';
import { ownerOf } from '../../tenancy/rule.ts';
import type { Tenant } from '../../tenancy/tenant.ts';
import type { Fault } from '../fault.ts';
import { rawBlob } from '../ledger.ts';
import { maskRow, shapeOf } from '../normalise-mask.ts';
import type { Stewardship } from './decision.ts';

/** A quarantined row as somebody may see it who repairs files: personal fields keep their shape alone. */
export interface MaskedRow {
  readonly action: StagedRow['action'];
  readonly start: string | null;
  readonly end: string | null;
  readonly fields: Fields;
  /** Everything that is wrong with it. */
  readonly faults: readonly Fault[];
  /** Of a row that could not be read: its fields in the order of the file, masked without exception. */
  readonly cells?: readonly string[];
}

/** The exception, which anybody who may see exceptions may see whole; whose it is, the tenant's `owners` say. */
export function exceptionView({ owners }: Pick<Tenant, 'owners'>, exception: ExceptionRow) {
  const { record, waitsFor, row: _, unit: _unit, closedAt, ...rest } = exception;
  const { rule, severity } = exception;
  const name = ({ type, id }: { readonly type: string; readonly id: string }) => `${type}/${id}`;
  return {
    ...rest,
    record: name(record),
    owner: ownerOf(owners, { record: record.type, rule, severity }, exception.owner),
    ...(waitsFor === null ? {} : { waitsFor: name(waitsFor) }),
    ...(closedAt === null ? {} : { closedAt }),
  };
}

/** The row of an exception, masked; undefined for a warning, whose row was applied. */
export async function maskedRow(
  { parts, tenant, store }: Stewardship,
  exception: ExceptionRow,
): Promise<MaskedRow | undefined> {
  if (exception.row === null) return undefined;
  const row = JSON.parse(exception.row) as StagedRow;
  const { action, start, end, fault } = row;
  const fields = maskRow(exception.record.type, JSON.parse(row.fields) as Fields, parts.columns(tenant));
  const faults = fault === null ? [] : (JSON.parse(fault) as Fault[]);
  const masked: MaskedRow = { action, start, end, fields, faults };
  if (action !== 'bad') return masked;
  const cells = await rawCells(store, await store.ledger.file(exception.file), exception.line);
  return cells === undefined ? masked : { ...masked, cells };
}

/** Fields of a GO2 line: only the record type stays readable, as a delimiter too many shifts all others. */
async function rawCells(
  store: TenantStore,
  file: FileRow | undefined,
  line: number,
): Promise<readonly string[] | undefined> {
  if (file?.format.startsWith('go2') !== true || !(await store.blobs.has(rawBlob(file.id)))) return undefined;
  const text = await lineOf(store.blobs.get(rawBlob(file.id)), line);
  return text?.split('~').map((cell, index) => (index === 0 ? cell : shapeOf(cell)));
}

const lineFeed = 10;

async function lineOf(bytes: AsyncIterable<Uint8Array>, line: number): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let at = 1;
  let size = 0;
  for await (const chunk of bytes) {
    let from = 0;
    while (at < line) {
      const end = chunk.indexOf(lineFeed, from);
      if (end < 0) break;
      from = end + 1;
      at += 1;
    }
    if (at < line) continue;
    const end = chunk.indexOf(lineFeed, from);
    const part = chunk.subarray(from, end < 0 ? chunk.length : end);
    parts.push(part);
    size += part.length;
    if (end >= 0 || size > limits.lineBytesMax) break;
  }
  return at < line ? undefined : Buffer.concat(parts).subarray(0, limits.lineBytesMax).toString('latin1').trimEnd();
}
