import type { FileRow, Stage } from '../store/port.ts';
import type { Ingest } from './apply.ts';
import type { Go2Header } from './formats/go2/header.ts';
import { readGo2 } from './formats/go2/read.ts';
import { rawBlob } from './ledger.ts';
import { normaliseRows } from './normalise.ts';

export interface Filled {
  readonly file: FileRow;
  /** Why the file is refused as a whole; null where it is sound. */
  readonly fault: string | null;
}

/**
 * Parses and normalises the file's bytes into the staging area, in constant memory. A fault of the file as a whole
 * is returned with what is known of it by then; nothing has been applied.
 */
export async function fillStage(ingest: Ingest, received: FileRow, stage: Stage): Promise<Filled> {
  const { parts, tenant, store } = ingest;
  const columns = parts.columns(tenant);
  let file: FileRow = { ...received, rows: 0, dropped: 0 };
  let staged = 0;
  let wide = 0;
  for await (const batch of readGo2(store.blobs.get(rawBlob(file.id)), { keep: columns.byCode })) {
    if (batch.kind === 'fault') return { file, fault: batch.fault.message };
    if (batch.kind === 'header') file = withHeader(file, batch.header);
    if (batch.kind === 'rows') {
      const rows = normaliseRows(batch.rows, columns);
      await stage.put(rows.staged);
      staged += rows.staged.length;
      wide += rows.wide;
      parts.progress?.({ file: file.name, phase: 'read', done: staged, total: null });
    }
    if (batch.kind === 'end') file = { ...file, rows: batch.counts.rows, dropped: batch.counts.rows - staged };
  }
  return { file: wide > 0 ? { ...file, warnings: { ...file.warnings, 'extra-fields': wide } } : file, fault: null };
}

function withHeader(file: FileRow, header: Go2Header): FileRow {
  const { kind, vpd, sequence, windowFrom, windowTo } = header;
  const format = `go2-${header.subtype.toLowerCase()}`;
  return { ...file, format, kind, vpd, sequence, windowFrom, windowTo };
}
