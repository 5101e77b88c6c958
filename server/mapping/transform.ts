import type { RecordKey } from '../record/record.ts';
import type { CodeList } from './code-list.ts';
import type { Scope } from './inputs.ts';
import type { Transform } from './language.ts';
import type { Warn } from './reading.ts';

/** One evaluation of a template. */
export interface Run {
  readonly scope: Scope;
  readonly base: string;
  readonly tenant: string;
  readonly warn: Warn;
}

/** Where a value came from, for warnings and for the field beside it. */
export interface Origin {
  readonly key: RecordKey | undefined;
  readonly field: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Step = (value: unknown, origin: Origin, run: Run) => unknown;

/** Compiles one transform of the closed set. `list` resolves a code list that the compiler has checked. */
export function compileTransform(transform: Transform, list: (name: string) => CodeList): Step {
  if (transform === 'words') return (value) => String(value).split(/\s+/).filter(Boolean);
  if (transform === 'text') return (value) => String(value);
  if ('prefix' in transform) return (value) => transform.prefix + String(value);
  if ('map' in transform) {
    const table = new Map(Object.entries(transform.map));
    return (value) => table.get(String(value));
  }
  if ('pattern' in transform) return patternStep(new RegExp(transform.pattern));
  if ('code' in transform) {
    const codes = list(transform.code);
    return (value, origin, run) => find(codes, undefined, value, origin, run)?.code;
  }
  return codingStep(list(transform.coding), transform.within);
}

function patternStep(pattern: RegExp): Step {
  return (value, origin, run) => {
    if (pattern.test(String(value))) return value;
    doubt(run, origin, 'shape-wrong', `${origin.field} has not the shape ${pattern.source}`);
    return undefined;
  };
}

function codingStep(codes: CodeList, within: string | undefined): Step {
  const system = literal(codes.document.system);
  return (value, origin, run) => {
    const concept = find(codes, within, value, origin, run);
    return concept && { system: system(run), code: concept.code, display: concept.display };
  };
}

function find(codes: CodeList, within: string | undefined, value: unknown, origin: Origin, run: Run) {
  const group = within === undefined ? undefined : origin.fields[within];
  const concept = codes.find(String(value), typeof group === 'string' ? group : undefined);
  if (concept === undefined) {
    doubt(run, origin, 'code-unknown', `${origin.field} is not in ${codes.document.list}`);
  }
  return concept;
}

function doubt(run: Run, origin: Origin, rule: string, message: string): void {
  if (origin.key !== undefined) {
    run.warn({ rule, record: origin.key, field: origin.field, message, waitsFor: null });
  }
}

/** A literal with `{base}` and `{tenant}` filled in; the last result is kept, since a run of units shares both. */
export function literal(text: string): (run: Run) => string {
  if (!text.includes('{base}') && !text.includes('{tenant}')) return () => text;
  let base: string | undefined;
  let tenant: string | undefined;
  let filled = text;
  return (run) => {
    if (run.base !== base || run.tenant !== tenant) {
      base = run.base;
      tenant = run.tenant;
      filled = text.replaceAll('{base}', base).replaceAll('{tenant}', tenant);
    }
    return filled;
  };
}
