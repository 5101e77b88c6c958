import type { FileRow, Stage } from '../store/port.ts';
import type { Ingest } from './apply.ts';
import { CsvStaging } from './csv-stage.ts';
import type { Filled } from './filled.ts';
import type { DraftedRow } from './formats/csv/draft.ts';
import { type CsvRow, readCsv } from './formats/csv/read.ts';
import { draftAssignment, draftPerson } from './formats/go1/draft.ts';
import type { Go1Header } from './formats/go1/header.ts';
import { rawBlob } from './ledger.ts';
import { LineFates } from './line-fates.ts';
import { feedAs } from './source-word.ts';
import { go1Feed } from './statements.ts';

/** Stages a Generic Outbound v1 (ASG) file (esr.md 1.5): HDR, then each PER with its ASG rows, FTR. */
export async function fillGo1(ingest: Ingest, received: FileRow, stage: Stage, header: Go1Header): Promise<Filled> {
  const { parts, tenant, store } = ingest;
  const { settings } = tenant;
  const feed = feedAs(tenant, { ...go1Feed, population: settings.population });
  const { kind, vpd, sequence, date } = header;
  const about = { format: 'go1', kind, vpd, sequence, windowFrom: null, windowTo: `${date}T00:00:00` };
  let file: FileRow = { ...received, ...about, rows: 0, dropped: 0 };
  const lines = new LineFates();
  const shape = { main: 'assignment', links: new Set(['assignment.organisationId']), fieldOrder: new Map() } as const;
  const staging = new CsvStaging(shape, store.records, lines);
  const reader = new Go1Rows(settings.publishBirthDate);
  const staged = { doubt: null, feed, lines, recognised: null, whole: false } as const;
  const filled = (fault: string | null): Filled => ({ file, fault, ...staged });
  const reading = { encoding: 'windows-1252', delimiter: ',', skip: 0 } as const;
  for await (const batch of readCsv(store.blobs.get(rawBlob(received.id)), reading)) {
    if (batch.kind === 'fault') return filled(batch.message);
    if (batch.kind === 'end') break;
    const drafted = batch.rows.flatMap((row) => reader.read(row));
    await stage.put(await staging.stage(drafted));
    file = { ...file, rows: reader.rows, dropped: reader.dropped };
    parts.progress?.({ file: file.name, phase: 'read', done: file.rows, total: null });
  }
  return filled(reader.faultAtEnd());
}

/** Reads rows in order: an assignment belongs to the person above it. */
class Go1Rows {
  rows = 0;
  dropped = 0;
  readonly #publishBirthDate: boolean;
  #person: string | undefined;
  #trailer: string | undefined;
  #fault: string | null = null;

  constructor(publishBirthDate: boolean) {
    this.#publishBirthDate = publishBirthDate;
  }

  read(row: CsvRow): readonly DraftedRow[] {
    const type = (row.cells[0] ?? '').trim();
    if (this.#trailer !== undefined) this.#fault ??= `The file goes on after its trailer (FTR) on line ${row.line}.`;
    if (type === 'HDR') return [];
    if (type === 'FTR') {
      this.#trailer = (row.cells[2] ?? '').trim();
      return [];
    }
    this.rows += 1;
    if (type === 'PER') {
      this.#person = row.cells[1]?.trim();
      return [draftPerson(row, { publishBirthDate: this.#publishBirthDate })];
    }
    if (type === 'ASG') return [draftAssignment(row, this.#person)];
    this.dropped += 1;
    return [];
  }

  /** FTR counts data records only, unlike the trailer of version 2. */
  faultAtEnd(): string | null {
    if (this.#fault !== null) return this.#fault;
    if (this.#trailer === undefined) return 'The file has no trailer (FTR): it may have been cut short.';
    if (this.#trailer === String(this.rows)) return null;
    const says = /^\d{1,12}$/.test(this.#trailer) ? this.#trailer : 'no number';
    return `The trailer (FTR) says ${says}, the file has ${this.rows} data records: rows may have been lost.`;
  }
}
