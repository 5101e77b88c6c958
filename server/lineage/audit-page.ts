import type { AuditContext } from '../audit/agents.ts';
import { auditEventId } from '../audit/event-id.ts';
import { auditEntry } from '../audit/row.ts';
import { type AuditSearch, auditBounds, auditEntity, auditMatches } from '../audit/search.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import type { AuditLog, AuditRange, AuditRow } from '../store/port.ts';

type Position = NonNullable<AuditRange['after']>;

export interface AuditPage {
  readonly rows: readonly AuditRow[];
  /** Opaque text: the position after which the next page begins. */
  readonly next: string | undefined;
}

const rowsPerScan = 1_000;

/**
 * One page of a search over the audit log. A page looks at no more than `auditRowsScannedMax` rows: a rare match
 * answers with a page that is not full and a `next` (FHIR R4 allows it) instead of holding up everyone else.
 */
export async function auditPage(
  log: AuditLog,
  search: AuditSearch,
  context: AuditContext,
  page: { readonly count: number; readonly after?: string },
): Promise<AuditPage> {
  const wanted = (row: AuditRow) =>
    auditMatches(search, auditEventId(row.writer, row.number), auditEntry(row.bytes), context);
  const next = source(log, search);
  const rows: AuditRow[] = [];
  let last = page.after === undefined ? undefined : parsePosition(page.after);
  if (page.count === 0) return { rows, next: undefined };
  for (let scanned = 0; scanned < limits.auditRowsScannedMax; ) {
    const candidates = await next(last);
    for (const row of candidates) {
      if (wanted(row)) {
        // One more than the page holds says that there is a next page.
        if (rows.length === page.count) return { rows, next: text(rows.at(-1)) };
        rows.push(row);
      }
      last = row;
    }
    scanned += candidates.length;
    if (candidates.length < rowsPerScan) return { rows, next: undefined };
  }
  return { rows, next: last === undefined ? undefined : positionText(last) };
}

type Source = (after: Position | undefined) => Promise<readonly AuditRow[]>;

/** Candidates in the search's order: from the index of resources where one is named, else from the log itself. */
function source(log: AuditLog, search: AuditSearch): Source {
  const { descending } = search;
  const entity = auditEntity(search);
  if (entity === undefined) {
    const bounds = auditBounds(search);
    return (after) =>
      log.scan({ ...bounds, descending, count: rowsPerScan, ...(after === undefined ? {} : { after }) });
  }
  let all: Promise<readonly AuditRow[]> | undefined;
  return async (after) => {
    all ??= log
      .disclosing(entity)
      .then((rows) => [...rows].sort((a, b) => (descending ? compare(b, a) : compare(a, b))));
    const rows = await all;
    const from = after === undefined ? 0 : rows.findIndex((row) => compare(row, after) * (descending ? -1 : 1) > 0);
    return from < 0 ? [] : rows.slice(from, from + rowsPerScan);
  };
}

function compare(a: Position, b: Position): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1;
  return a.number - b.number;
}

function text(row: AuditRow | undefined): string | undefined {
  return row === undefined ? undefined : positionText(row);
}

function positionText({ at, writer, number }: Position): string {
  return `${at} ${writer} ${number}`;
}

function parsePosition(text: string): Position {
  const [, at, writer, number] = /^(\S+) (\S+) (\d+)$/.exec(text) ?? [];
  if (at === undefined || writer === undefined || number === undefined)
    throw new AppError('invalid', 'the page token is not one of this search');
  return { at, writer, number: Number(number) };
}
