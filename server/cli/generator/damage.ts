import { type Random, randomOf } from './random.ts';
import { streams, type TrustSettings } from './settings.ts';

/** The rows of one record in one file; `kind` is the row type (LCA, ORA, POA, PRA, ASA, ETA). */
export interface RowGroup {
  readonly kind: RowKind;
  readonly rows: readonly string[];
}

export type RowKind = 'LCA' | 'ORA' | 'POA' | 'PRA' | 'ASA' | 'ETA';

interface Damage {
  readonly name: string;
  readonly on: readonly RowKind[];
  /** Only where the record has a single row: a row without its id says nothing about its siblings. */
  readonly single?: true;
  /** Only in changes files: a full file holds no deletes. */
  readonly changesOnly?: true;
  make(rows: readonly string[], at: number, kind: RowKind): readonly string[];
}

/** 1-based numbers of the fields that a damage touches. */
const own: Readonly<Record<RowKind, number>> = { LCA: 2, ORA: 2, POA: 2, PRA: 2, ASA: 3, ETA: 3 };
const dates: Readonly<Record<RowKind, number>> = { LCA: 5, ORA: 5, POA: 3, PRA: 3, ASA: 4, ETA: 8 };
const ends: Readonly<Record<string, number>> = { ORA: 6, POA: 4, PRA: 4, ASA: 5 };
const twins: Readonly<Record<RowKind, number>> = { LCA: 4, ORA: 3, POA: 7, PRA: 8, ASA: 21, ETA: 7 };
const tracked: readonly RowKind[] = ['ORA', 'POA', 'PRA', 'ASA'];
const every: readonly RowKind[] = ['LCA', 'ORA', 'POA', 'PRA', 'ASA', 'ETA'];

/** The faults for which meaning.md quarantines all rows of an id. */
const damages: readonly Damage[] = [
  {
    name: 'impossible date',
    on: every,
    make: (rows, at, kind) => setField(rows, at, dates[kind], kind === 'ETA' ? ' 31/02/2024 00:00:00' : '20261340'),
  },
  { name: 'no start', on: tracked, make: (rows, at, kind) => setField(rows, at, dates[kind], '') },
  { name: 'no last name', on: ['PRA'], make: (rows, at) => setField(rows, at, 7, ' ') },
  {
    name: 'ends before it starts',
    on: tracked,
    make(rows, at, kind) {
      const start = field(rows, at, dates[kind]);
      const before = String(Number(start.slice(0, 4)) - 1) + start.slice(4).replace('0229', '0228');
      return setField(rows, at, ends[kind] ?? 0, before);
    },
  },
  {
    name: 'short row',
    on: every,
    make: (rows, at) => rows.map((text, index) => (index === at ? text.split('~').slice(0, 12).join('~') : text)),
  },
  {
    name: 'two rows with one key',
    on: every,
    make: (rows, at, kind) => [...rows, setField(rows, at, twins[kind], 'Twin')[at] ?? ''],
  },
  { name: 'no id', on: every, single: true, make: (rows, at, kind) => setField(rows, at, own[kind], '') },
  {
    name: 'person nowhere',
    on: ['ASA', 'ETA'],
    make: (rows) => rows.map((_, index) => setField(rows, index, 2, '99999999')[index] ?? ''),
  },
  {
    name: 'sent and deleted',
    on: ['ASA', 'POA'],
    changesOnly: true,
    make: (rows, at, kind) => [...rows, `${kind.slice(0, 2)}D~${field(rows, at, own[kind])}`],
  },
];

/** Decides which records are damaged, and how. */
export interface Spoiler {
  /** The damaged rows, all of which are quarantined; undefined where the record stays as it is. */
  spoil(group: RowGroup): readonly string[] | undefined;
}

/**
 * Damages the share `settings.broken` of the rows of each kind, evenly: what is left over of a share is carried on, so
 * that small files get their part as well. `file` is the file's number in the run.
 */
export function spoilerFor(settings: TrustSettings, file: number): Spoiler {
  const random = randomOf(settings.seed, streams.damage, file);
  const owed = new Map<RowKind, number>(every.map((kind) => [kind, random.next()]));
  return {
    spoil({ kind, rows }) {
      const due = (owed.get(kind) ?? 0) + settings.broken;
      owed.set(kind, due >= 1 ? due - 1 : due);
      return due >= 1 ? damaged(random, kind, rows, file > 0) : undefined;
    },
  };
}

function damaged(random: Random, kind: RowKind, rows: readonly string[], changes: boolean): readonly string[] {
  const possible = damages.filter(
    (damage) =>
      damage.on.includes(kind) &&
      (rows.length === 1 || damage.single !== true) &&
      (changes || damage.changesOnly !== true),
  );
  return random.pick(possible).make(rows, random.below(rows.length), kind);
}

function field(rows: readonly string[], at: number, number: number): string {
  return (rows[at] ?? '').split('~')[number - 1] ?? '';
}

function setField(rows: readonly string[], at: number, number: number, value: string): readonly string[] {
  return rows.map((text, index) => {
    if (index !== at) return text;
    const fields = text.split('~');
    fields[number - 1] = value;
    return fields.join('~');
  });
}
