import { AppError } from '../core/error.ts';
import type { StagedGroup, StagedRow } from '../store/port.ts';
import { brokenRules, type RuleDocument, unknownFields } from '../tenancy/rule.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { type Fault, fault } from './fault.ts';
import type { RowTable } from './formats/go2/columns.ts';
import { type Judgement, judge } from './judge.ts';
import type { IngestParts } from './parts.ts';

/** A doubt about a record whose rows are applied all the same. */
export interface Doubt {
  readonly row: Pick<StagedRow, 'line'>;
  readonly fault: Fault;
}

/** What a file says of a record, held against the rules that all tenants have and then the tenant's own. */
export interface Judged {
  readonly judgement: Judgement;
  readonly doubts: readonly Doubt[];
}

/**
 * Judges the rows of a record by `judge`, then by the tenant's own rules: a slice that breaks one of severity `error`
 * makes all of them bad, one of severity `warning` is a doubt.
 */
export function judgeBy(rules: readonly RuleDocument[], group: StagedGroup, repeats: boolean): Judged {
  const judgement = judge(group, repeats);
  if (judgement.is !== 'slices' || rules.length === 0) return { judgement, doubts: [] };
  const broken = judgement.slices.flatMap(({ line, fields }) =>
    brokenRules(rules, group.key.type, fields).map((rule) => ({ line, rule })),
  );
  const errors = broken.filter(({ rule }) => rule.severity === 'error');
  if (errors.length === 0) {
    const seen = new Set<string>();
    const first = broken.filter(({ rule }) => !seen.has(rule.id) && seen.add(rule.id));
    return { judgement, doubts: first.map(({ line, rule }) => ({ row: { line }, fault: faultOf(rule) })) };
  }
  const own = (row: StagedRow) => errors.find(({ line }) => line === row.line);
  const faults = group.rows.map((row) => {
    const found = own(row);
    return { row, fault: found === undefined ? fault('sibling-bad') : faultOf(found.rule) };
  });
  return { judgement: { is: 'bad', faults }, doubts: [] };
}

/** Names of the fields that a row of the table fills; a column's `json` is `"name":`. */
function fieldsOf({ columns }: RowTable): readonly string[] {
  const texts = columns.flatMap(({ kind, json, parts }) => (kind === 'flexfield' ? parts : [json]));
  return texts.flatMap((text) => text?.slice(1, -2) ?? []);
}

function faultOf({ id, severity, field, message }: RuleDocument): Fault {
  return { rule: `own-${id}`, severity, field, message };
}

/** Names the tenant's rules: rows are examined anew, unchanged ones too, once they are others. */
export function rulesReading({ rules = [] }: Tenant): string {
  return rules.length === 0 ? '' : JSON.stringify(rules);
}

/**
 * Throws `invalid` where a CSV profile or a rule of the tenant names a field that records do not have: such a rule
 * would hold of no row, or of every row.
 */
export function checkDocument(
  { columns, csvProfiles }: Pick<IngestParts, 'columns' | 'csvProfiles'>,
  tenant: Tenant,
): void {
  csvProfiles(tenant);
  const fields = new Set<string>();
  for (const table of columns(tenant).byCode.values()) {
    for (const name of fieldsOf(table)) fields.add(`${table.record}.${name}`);
  }
  const known = (record: string, field: string) => fields.has(`${record}.${field}`);
  const [unknown] = unknownFields(tenant.rules ?? [], known);
  if (unknown !== undefined) throw new AppError('invalid', `a rule names ${unknown}, which records do not have`);
}
