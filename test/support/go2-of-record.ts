import { readFileSync } from 'node:fs';
import type { RecordType, SourceRecord } from '../../server/record/record.ts';

interface ColumnTable {
  readonly upsert: string;
  readonly delete?: string;
  readonly key: { readonly field: number };
  readonly slice?: { readonly start: number; readonly end: number };
  readonly columns: readonly { readonly field: number; readonly name?: string }[];
}

const folder = new URL('../../mappings/esr/v1/columns/', import.meta.url);
const tables = new Map<RecordType, ColumnTable>();

function tableOf(type: RecordType): ColumnTable {
  const known = tables.get(type);
  if (known !== undefined) return known;
  const table = JSON.parse(readFileSync(new URL(`${type}.json`, folder), 'utf8')) as ColumnTable;
  tables.set(type, table);
  return table;
}

type Row = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The GO2 rows that state a record, one per slice; fields that ESR joins into one are left out. */
export function upsertRows({ type, id, slices }: SourceRecord, vpd: string): readonly Row[] {
  const { upsert, key, slice, columns } = tableOf(type);
  return slices.map(({ start, end, fields }) => {
    const cells: Record<string, string> = { [key.field]: id };
    for (const { field, name } of columns) {
      const value = name === undefined ? undefined : fields[name];
      if (value !== undefined) cells[field] = String(value).replaceAll(/^(\d{4})-(\d\d)-(\d\d)$/g, '$1$2$3');
    }
    if (slice !== undefined) {
      cells[slice.start] = dateText(start ?? '19000101');
      cells[slice.end] = dateText(end ?? '47121231');
    }
    if (type === 'registration') cells['4'] = 'NHS Regs and Memships';
    if (type === 'nacs')
      Object.assign(cells, { 3: 'NHS_NACS_CODE', 4: `${vpd}-${id}`, 5: `${vpd} ${cells['5'] ?? ''}` });
    return { [upsert]: cells };
  });
}

/** The GO2 row that says of a record that it never was. */
export function deleteRow({ type, id }: Pick<SourceRecord, 'type' | 'id'>): Row {
  return { [tableOf(type).delete ?? '']: { 2: id } };
}

function dateText(date: string): string {
  return date.replaceAll('-', '');
}
