import { readFileSync } from 'node:fs';
import { present } from '../../server/core/assert.ts';
import type { VectorFile } from './journey-vector.ts';

/** An event vector (`conformance/vectors/events/README.md`): files and days in, all that subscribers are told out. */
export interface EventVector {
  readonly description: string;
  readonly sources: readonly string[];
  readonly steps: readonly EventStep[];
}

export interface EventStep {
  readonly today: string;
  readonly rows?: readonly (string | Readonly<Record<string, Cells>>)[];
  readonly events: readonly ExpectedEvent[];
}

export interface ExpectedEvent {
  readonly type: string;
  readonly focus?: string;
  readonly date?: string;
  readonly as?: string;
  readonly first?: string;
}

/** Fields by their 1-based numbers. */
type Cells = Readonly<Record<string, string>>;

interface People {
  readonly today: string;
  readonly rows: Readonly<Record<string, Readonly<Record<string, Cells>>>>;
  readonly full: readonly string[];
}

const folder = new URL('../../conformance/vectors/events/', import.meta.url);

const people = read<People>('people.json');

export function readEventVector(name: string): EventVector {
  return read<EventVector>(name);
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T;
}

/** The day of the baseline, and its file. */
export const baseline = {
  today: people.today,
  file: { kind: 'full', sequence: 1, to: window(people.today), rows: people.full.map(row) } satisfies VectorFile,
};

/** The changes file of a step. */
export function fileOfStep(
  today: string,
  rows: EventStep['rows'] = [],
  last: { readonly sequence: number; readonly to: string },
): VectorFile {
  return { kind: 'changes', sequence: last.sequence + 1, from: last.to, to: window(today), rows: rows.map(row) };
}

/** Last names in the files of the vectors: no event may hold one. */
export const lastNames = Object.values(people.rows).flatMap(({ PRA }) => PRA?.['7'] ?? []);

function window(date: string): string {
  return `${date.replaceAll('-', '')} 000000`;
}

function row(stated: NonNullable<EventStep['rows']>[number]): VectorFile['rows'][number] {
  if (typeof stated === 'string') return stated.includes('~') ? stated : present(people.rows[stated], stated);
  const [name = '', cells = {}] = Object.entries(stated)[0] ?? [];
  const [[type = '', known] = []] = Object.entries(present(people.rows[name], name));
  return { [type]: { ...known, ...cells } };
}
