import { present } from '../core/assert.ts';
import { contentHash } from '../core/hash.ts';
import type { RecordKey } from '../record/record.ts';
import type { FileRow, Stage } from '../store/port.ts';
import type { Ingest } from './apply.ts';
import type { Arrival } from './arrival.ts';
import { chooseFormat, firstBytesMax } from './choose-format.ts';
import { fillCsv } from './fill-csv.ts';
import { fillGo1 } from './fill-go1.ts';
import type { Filled } from './filled.ts';
import type { Go2Header } from './formats/go2/header.ts';
import { type Go2Batch, readGo2 } from './formats/go2/read.ts';
import { type Go2Line, rowOf } from './formats/go2/row.ts';
import { rawBlob } from './ledger.ts';
import { lineHash } from './line-hash.ts';
import { normaliseRows } from './normalise.ts';
import { rulesReading } from './own-rules.ts';
import { type Recognised, recognise } from './recognise.ts';
import { feedAs } from './source-word.ts';
import { firstBytes } from './sources/magic.ts';
import { go2Feed } from './statements.ts';

/**
 * Parses and normalises the file's bytes into the staging area, in constant memory. A fault of the file as a whole
 * is returned with what is known of it by then; nothing has been applied.
 *
 * @param arrival what is remembered of the bytes, where they came just now
 */
export async function fillStage(ingest: Ingest, received: FileRow, stage: Stage, arrival?: Arrival): Promise<Filled> {
  const { parts, tenant, store } = ingest;
  const bytes = () => arrival?.bytes() ?? store.blobs.get(rawBlob(received.id));
  const first = await firstBytes(bytes(), firstBytesMax);
  const format = chooseFormat(first, received.name, parts.csvProfiles(tenant));
  if (format.is === 'go1') return fillGo1(ingest, received, stage, format.header);
  if (format.is === 'csv') return fillCsv(ingest, received, stage, format.layout, { bytes, report: arrival?.report });
  const feed = feedAs(tenant, { ...go2Feed, population: tenant.settings.population });
  const plain = { doubt: null, feed, lines: null };
  if (format.is === 'unknown') {
    return { file: { ...received, format: 'csv' }, fault: format.fault, ...plain, recognised: null, whole: false };
  }
  return { ...(await fillGo2(ingest, received, stage, bytes)), ...plain };
}

async function fillGo2(
  ingest: Ingest,
  received: FileRow,
  stage: Stage,
  bytes: () => AsyncIterable<Uint8Array>,
): Promise<Pick<Filled, 'file' | 'fault' | 'recognised' | 'whole'>> {
  const { parts, tenant, store } = ingest;
  const columns = parts.columns(tenant);
  const reading = contentHash(`${parts.software} ${columns.reading} ${rulesReading(tenant)}`);
  const hash = lineHash(reading);
  const decoded = (line: Go2Line) => ({ ...rowOf(line), raw: hash.text(line.bytes, line.start, line.end) });
  const batches = (skip?: (line: number) => boolean) => readGo2(bytes(), { keep: columns.byCode, skip });
  const resumed = received.state === 'applying';
  // What a first attempt wrote would be recognised now: a file that is resumed is walked whole.
  const known = resumed ? null : await recognise(batches(), columns, reading, store);
  let file: FileRow = { ...received, rows: 0, dropped: 0, unchanged: known?.unchanged ?? 0 };
  let staged = 0;
  let wide = known?.wide ?? 0;
  const recognised = known === null ? null : (key: RecordKey, lines: boolean) => lines && known.hasRecord(key);
  for await (const batch of known !== null && known.unchanged === known.kept ? seen(known) : batches(known?.hasLine)) {
    if (batch.kind === 'fault') return { file, fault: batch.fault.message, recognised, whole: false };
    if (batch.kind === 'header') file = withHeader(file, batch.header);
    if (batch.kind === 'rows') {
      const unknown = known === null ? batch.rows : batch.rows.filter((row) => !known.has(row));
      const rows = normaliseRows(unknown.map(decoded), columns);
      await stage.put(rows.staged);
      staged += rows.staged.length;
      wide += rows.wide;
      parts.progress?.({ file: file.name, phase: 'read', done: staged, total: null });
    }
    if (batch.kind === 'end') {
      const { rows } = batch.counts;
      file = { ...file, rows, dropped: rows - staged - file.unchanged };
    }
  }
  if (resumed) file = { ...file, unchanged: await unchangedBefore(received, stage) };
  const warnings = wide > 0 ? { ...file.warnings, 'extra-fields': wide } : file.warnings;
  return { file: { ...file, warnings }, fault: null, recognised, whole: known?.whole ?? false };
}

/** What reading a file again would give whose rows are all unchanged. */
function* seen({ header, counts }: Recognised): Generator<Go2Batch> {
  yield { kind: 'header', header };
  yield { kind: 'end', counts };
}

/** Rows that were unchanged up to the checkpoint, recognised ones included: those there that went no other way. */
async function unchangedBefore({ checkpoint, quarantined, applied }: FileRow, stage: Stage): Promise<number> {
  if (checkpoint === null || (checkpoint.after === null && !checkpoint.walked)) return 0;
  const rows = checkpoint.walked ? await stage.rows() : await stage.rows(present(checkpoint.after, 'last group'));
  return rows - quarantined - applied;
}

function withHeader(file: FileRow, header: Go2Header): FileRow {
  const { kind, vpd, sequence, windowFrom, windowTo } = header;
  const format = `go2-${header.subtype.toLowerCase()}`;
  return { ...file, format, kind, vpd, sequence, windowFrom, windowTo };
}
