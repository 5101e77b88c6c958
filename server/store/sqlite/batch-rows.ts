import { present } from '../../core/assert.ts';
import { unitText } from '../../record/unit.ts';
import type { SearchParameters } from '../../search/parameters.ts';
import type { IndexEntry } from '../../search/query.ts';
import { lineageText } from '../lineage.ts';
import type { Op, RecordOp, ResourceOp } from '../port.ts';

/** A batch's op as it is written: of resources and records the texts are made, all others are as they were. */
export type BatchRow = VersionRow | RecordRow | PlainOp;

type PlainOp = Exclude<Op, ResourceOp | RecordOp>;

/** A record as it is written. */
export interface RecordRow extends Pick<RecordOp['record'], 'type' | 'id' | 'hash' | 'file'> {
  readonly op: 'record';
  /** JSON, as are the layers; null where there are none. */
  readonly slices: string;
  readonly layers: string | null;
  readonly references: readonly (readonly [type: string, id: string])[];
  readonly lines: RecordOp['lines'] | null;
}

/** A version as it is written. */
export interface VersionRow
  extends Pick<ResourceOp, 'contract' | 'type' | 'id' | 'version' | 'change' | 'hash' | 'index'> {
  readonly op: 'version';
  readonly unit: string | null;
  /** The file of the lineage, and the lineage as JSON; null where there is none. */
  readonly file: string | null;
  readonly lineage: string | null;
  readonly body: string;
}

export function batchRows(ops: readonly Op[]): readonly BatchRow[] {
  return ops.map((op) => (op.op === 'resource' ? versionRow(op) : op.op === 'record' ? recordRow(op) : op));
}

/** How much there is to write: resources and records weigh the most. */
export function weightOf(rows: readonly BatchRow[]): number {
  return rows.reduce((sum, { op }) => (op === 'version' || op === 'record' ? sum + 1 : sum), 0);
}

function recordRow({ record, references, lines }: RecordOp): RecordRow {
  const { type, id, hash, file, slices, layers } = record;
  return {
    ...{ op: 'record', type, id, hash, file },
    slices: JSON.stringify(slices),
    layers: layers === undefined ? null : JSON.stringify(layers),
    references: references.map((to) => [to.type, to.id] as const),
    lines: lines ?? null,
  };
}

function versionRow({ contract, type, id, version, change, hash, unit, index, lineage, body }: ResourceOp): VersionRow {
  const owner = unit === null ? null : unitText(unit);
  const file = lineage?.file ?? null;
  const made = lineage === null ? null : lineageText(lineage);
  return {
    op: 'version',
    contract,
    type,
    id,
    version,
    change,
    hash,
    unit: owner,
    index,
    file,
    lineage: made,
    body,
  };
}

/** About how many pages of the log they take: a version dirties one of each index of its type. */
export function pagesOf(rows: readonly BatchRow[]): number {
  return rows.reduce((sum, { op }) => sum + (op === 'version' ? 4 : op === 'record' ? 1 : 0), 0);
}

/** Rows on their way to another thread: cloning objects costs several times as much as two texts. */
export interface PackedRows {
  /** JSON of the rows without the long texts. */
  readonly rows: string;
  /** Bodies, lineages and slices, which are JSON already, with U+0000 between them: no JSON holds it. */
  readonly texts: string;
}

type PackedVersion = readonly [...Parameters<typeof unpackedVersion>[0]];

/** Its entries, or the number that the other thread knows the search parameters by. */
type PackedIndex = readonly IndexEntry[] | number;

const between = '\0';

/** @param numberOf the number by which the other thread knows these parameters */
export function packedRows(rows: readonly BatchRow[], numberOf: (parameters: SearchParameters) => number): PackedRows {
  const texts: string[] = [];
  const packed = rows.map((row) => {
    if (row.op === 'record') {
      texts.push(row.slices);
      return { ...row, slices: '' };
    }
    if (row.op !== 'version') return row;
    const { contract, type, id, version, change, hash, unit, index, file, lineage, body } = row;
    texts.push(lineage ?? '', body);
    const found = isEntries(index) ? index : numberOf(index);
    return [contract, type, id, version, change, hash, unit, found, file] satisfies PackedVersion;
  });
  return { rows: JSON.stringify(packed), texts: texts.join(between) };
}

function isEntries(index: VersionRow['index'] | PackedIndex): index is readonly IndexEntry[] {
  return Array.isArray(index);
}

/** @param parameters those that were told, by number */
export function unpackedRows(
  { rows, texts }: PackedRows,
  parameters: readonly SearchParameters[],
): readonly BatchRow[] {
  const all = texts.split(between);
  let at = 0;
  return (JSON.parse(rows) as readonly (PackedVersion | RecordRow | PlainOp)[]).map((row) => {
    if ('op' in row) {
      if (row.op !== 'record') return row;
      at += 1;
      return { ...row, slices: all[at - 1] ?? '' };
    }
    const [lineage = '', body = ''] = all.slice(at, at + 2);
    at += 2;
    return unpackedVersion([...row], lineage, body, parameters);
  });
}

function unpackedVersion(
  [contract, type, id, version, change, hash, unit, packed, file]: [
    contract: string,
    type: string,
    id: string,
    version: number,
    change: VersionRow['change'],
    hash: string,
    unit: string | null,
    packed: PackedIndex,
    file: string | null,
  ],
  lineage: string,
  body: string,
  parameters: readonly SearchParameters[],
): VersionRow {
  const index = typeof packed === 'number' ? present(parameters[packed], 'search parameters that were told') : packed;
  const known = lineage === '' ? null : lineage;
  return { op: 'version', contract, type, id, version, change, hash, unit, index, file, lineage: known, body };
}
