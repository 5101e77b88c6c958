import { derivedId } from '../core/id.ts';
import { keyText, type RecordKey } from '../record/record.ts';
import type { ExceptionRow, Op, StagedGroup } from '../store/port.ts';
import type { Doubt, Judged } from './own-rules.ts';
import { cameFrom } from './released-row.ts';

interface Seen {
  readonly verdicts: readonly (Judged & { readonly group: StagedGroup })[];
  /** Records that went with their person. */
  readonly gone: readonly RecordKey[];
  /** Open exceptions of all these records. */
  readonly told: readonly ExceptionRow[];
}

/**
 * Opens the doubts that a tenant's own rules raise about records and closes those that the file settles; one that
 * stands is left alone. Of a record whose rows are quarantined the store's slices stay, and so do their doubts.
 */
export function doubtOps(tenant: string, file: string, { verdicts, gone, told }: Seen, at: string): Op[] {
  const standing = new Map(told.filter(isOwn).map((exception) => [exception.id, exception]));
  const opened = verdicts.flatMap(({ group, doubts }) =>
    doubts
      .map((doubt) => opening(tenant, cameFrom(group)?.file ?? file, group.key, doubt, at))
      .filter(({ id }) => !standing.delete(id)),
  );
  const settled = new Set([
    ...verdicts.filter(({ judgement }) => judgement.is !== 'bad').map(({ group }) => keyText(group.key)),
    ...gone.map(keyText),
  ]);
  const over = [...standing.values()].filter(({ record }) => settled.has(keyText(record)));
  return [
    ...opened.map((exception): Op => ({ op: 'exception', tenant, exception })),
    ...over.map((exception) => closing(tenant, exception, at)),
  ];
}

/** An exception that has ended. */
export function closing(tenant: string, exception: ExceptionRow, at: string): Op {
  return { op: 'exception', tenant, exception: { ...exception, state: 'closed', closedAt: at } };
}

function isOwn({ severity, rule }: ExceptionRow): boolean {
  return severity === 'warning' && rule.startsWith('own-');
}

function opening(tenant: string, file: string, record: RecordKey, { row, fault }: Doubt, at: string): ExceptionRow {
  return {
    id: derivedId(tenant, fault.rule, keyText(record)),
    ...{ file, line: row.line, record, ...fault, owner: 'data-steward', state: 'open', since: at },
    ...{ closedAt: null, unit: null, waitsFor: null, row: null },
  };
}
