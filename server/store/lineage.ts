import type { RecordKey } from '../record/record.ts';

/** Where a version came from: the file whose ingest made it and the records that it shows. */
export interface Lineage {
  /** Ledger id of the file that made this version; null where something else did. */
  readonly file: string | null;
  /** `settings`: the tenant's settings or the mapping changed under the stored records. */
  readonly cause: 'file' | 'date' | 'settings' | 'contract' | 'client';
  readonly sources: readonly LineageSource[];
  readonly mapping: string;
  readonly software: string;
}

export interface LineageSource extends RecordKey {
  readonly file: string;
  readonly lines: readonly number[];
}

/** A lineage whose text is made already: what waits for its batch takes less memory so. */
export interface LineageText extends Pick<Lineage, 'file'> {
  readonly text: string;
}

/** A lineage as it is stored: JSON. */
export function lineageText(lineage: Lineage | LineageText): string {
  return 'text' in lineage ? lineage.text : JSON.stringify(lineage);
}
