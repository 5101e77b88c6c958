import { type Go2Batch, type Go2Counts, readGo2 } from '../../../server/ingest/formats/go2/read.ts';
import { type Go2Row, rowOf } from '../../../server/ingest/formats/go2/row.ts';
import { normaliseRows } from '../../../server/ingest/normalise.ts';
import type { StagedRow } from '../../../server/store/port.ts';
import { columns } from './esr-columns.ts';
import { go2File, inChunks } from './go2-text.ts';

export interface ReadFile {
  readonly kinds: readonly Go2Batch['kind'][];
  readonly rows: readonly Go2Row[];
  readonly counts: Go2Counts | undefined;
  readonly fault: string | undefined;
  readonly message: string | undefined;
}

/** Everything that the reader says of a file (text is encoded as ISO-8859-1). */
export async function readAll(
  file: string | Uint8Array,
  cuts: readonly number[] = [],
  delimiter = '~',
  skip?: (line: number) => boolean,
): Promise<ReadFile> {
  const bytes = typeof file === 'string' ? Buffer.from(file, 'latin1') : file;
  const batches: Go2Batch[] = [];
  const options = { keep: columns.byCode, delimiter, skip };
  for await (const batch of readGo2(inChunks(bytes, cuts), options)) batches.push(batch);
  const fault = batches.find((batch) => batch.kind === 'fault')?.fault;
  return {
    kinds: batches.map((batch) => batch.kind),
    rows: batches.flatMap((batch) => (batch.kind === 'rows' ? batch.rows.map(rowOf) : [])),
    counts: batches.find((batch) => batch.kind === 'end')?.counts,
    fault: fault?.code,
    message: fault?.message,
  };
}

/** The staged rows of a changes file that holds these rows. */
export async function stagedOf(...rows: readonly string[]): Promise<readonly StagedRow[]> {
  const read = await readAll(go2File(rows));
  return normaliseRows(read.rows, columns).staged;
}
