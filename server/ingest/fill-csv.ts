import { limits } from '../core/limits.ts';
import type { RecordType } from '../record/record.ts';
import type { FileRow, Stage } from '../store/port.ts';
import { ownsCode } from '../tenancy/tenant.ts';
import { lastFull } from './absence.ts';
import type { Ingest } from './apply.ts';
import { csvFeed } from './csv-feed.ts';
import { csvReading, repeated } from './csv-repeat.ts';
import { ReportSums, sumsOf } from './csv-said.ts';
import { CsvStaging } from './csv-stage.ts';
import type { ReportWatch } from './csv-watch.ts';
import type { Filled } from './filled.ts';
import { draftRow } from './formats/csv/draft.ts';
import { detectEncoding } from './formats/csv/encoding.ts';
import type { CsvLayout } from './formats/csv/layout.ts';
import { type CsvRow, readCsv } from './formats/csv/read.ts';
import { LineFates } from './line-fates.ts';
import { feedAs } from './source-word.ts';

/** What a CSV file is read from. */
interface CsvBytes {
  readonly bytes: () => AsyncIterable<Uint8Array>;
  /** Who looked on when it came, where that was just now. */
  readonly report: ReportWatch | undefined;
}

/** Stages a CSV file by the profile that knows its header. */
export async function fillCsv(
  ingest: Ingest,
  received: FileRow,
  stage: Stage,
  layout: CsvLayout,
  { bytes, report }: CsvBytes,
): Promise<Filled> {
  const { parts, tenant, store } = ingest;
  const { profile, header, delimiter, skip } = layout;
  const feed = feedAs(tenant, csvFeed(profile));
  const lines = new LineFates();
  const warnings = driftWarnings(layout, received);
  let file: FileRow = { ...received, format: feed.feed, kind: 'full', rows: 0, dropped: 0, warnings };
  const faulty = (fault: string): Filled => ({ file, fault, doubt: null, feed, ...staged });
  const staged = { lines, recognised: null, whole: false } as const;
  const reading = csvReading(parts.software, tenant, layout);
  const sums = async () => report?.sums(reading) ?? (await sumsOf(bytes(), new ReportSums(layout, reading)));
  if (received.state !== 'applying') {
    const before = lastFull(await store.ledger.files(), file);
    const repeat = await repeated(before, reading, sums, store.records);
    if (repeat !== null) {
      const { said, rows, whole } = repeat;
      file = { ...file, rows, unchanged: rows, said };
      return { file, fault: null, doubt: doubtOf(layout), feed, lines: null, recognised: (_, known) => known, whole };
    }
  }
  const encoding = await detectEncoding(bytes());
  const { links, fieldOrder } = profile;
  const staging = new CsvStaging({ main: mainRecord(profile), links, fieldOrder }, store.records, lines);
  for await (const batch of readCsv(bytes(), { encoding, delimiter, skip })) {
    if (batch.kind === 'fault') return faulty(batch.message);
    if (batch.kind === 'end') {
      if (batch.rows === 0) return faulty('The CSV file has no rows below its header.');
      file = { ...file, rows: batch.rows };
      const said = batch.plain && !encoding.startsWith('utf-16') ? (await sums()).said(batch.rows) : undefined;
      if (said !== undefined) file = { ...file, said: JSON.stringify(said) };
      continue;
    }
    const stranger = batch.rows.find((row) => !isOwn(row, header.tenant, ingest));
    if (stranger !== undefined) {
      return faulty(`Line ${stranger.line} of the CSV file belongs to another organisation than tenant ${tenant.id}.`);
    }
    await stage.put(await staging.stage(batch.rows.map((row) => draftRow(profile, header, row))));
    file = { ...file, rows: file.rows + batch.rows.length };
    parts.progress?.({ file: file.name, phase: 'read', done: file.rows, total: null });
  }
  return { file, fault: null, doubt: doubtOf(layout), feed, ...staged };
}

/** The record type whose rows stand for the whole row. */
function mainRecord({ records }: CsvLayout['profile']): RecordType {
  const main = (['assignment', 'person', 'position', 'organisation'] as const).find((type) => records.has(type));
  return main ?? 'location';
}

/** A row without a code is the source's word; one with a code must be the tenant's (meaning.md, Files). */
function isOwn({ cells }: CsvRow, tenantColumn: number, { tenant }: Ingest): boolean {
  const code = tenantColumn < 0 ? '' : (cells[tenantColumn] ?? '').trim();
  return code === '' || ownsCode(tenant, code);
}

/** Column drift that the profile's policy wants a person to look at. */
function doubtOf({ profile, header }: CsvLayout): string | null {
  const held = header.drift
    .filter(({ kind }) => policyOf(profile.drift, kind) === 'hold')
    .map(({ message }) => message);
  if (held.length === 0) return null;
  const listed = held.slice(0, limits.driftsListedMax).join('; ');
  return `the columns differ from the profile "${profile.id}": ${listed}`;
}

function driftWarnings({ profile, header }: CsvLayout, { warnings }: FileRow): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { ...warnings };
  for (const kind of ['new', 'missing', 'renamed', 'duplicate'] as const) {
    const count = header.drift.filter((drift) => drift.kind === kind).length;
    if (count > 0 && policyOf(profile.drift, kind) !== 'accept') counts[`column-${kind}`] = count;
  }
  return counts;
}

/** A column that is there twice is always worth a warning: rows whose cells differ are quarantined. */
function policyOf(
  policy: CsvLayout['profile']['drift'],
  kind: CsvLayout['header']['drift'][number]['kind'],
): 'accept' | 'warn' | 'hold' {
  return kind === 'required' || kind === 'duplicate' ? 'warn' : policy[kind];
}
