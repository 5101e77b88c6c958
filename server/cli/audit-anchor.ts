import { createReadStream, existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { anchorLine, removalLine } from '../commit/anchor-line.ts';
import type { AuditRow } from '../store/port.ts';

/** The file that `ESR_FHIR_AUDIT_ANCHOR` names: lines are appended, nothing is ever changed. */
export interface AnchorFile {
  checkpoint(tenant: string | null, previous: string, row: AuditRow): Promise<void>;
  removed(tenant: string, at: Date): Promise<void>;
  lines(): AsyncIterable<string>;
}

/** @param path undefined where no anchor is set: nothing is written, nothing is read */
export function anchorFile(path: string | undefined): AnchorFile {
  const append = async (line: string) => {
    if (path !== undefined) await appendFile(path, line, { mode: 0o600, flush: true });
  };
  return {
    checkpoint: (tenant, previous, row) => append(anchorLine(tenant, previous, row)),
    removed: (tenant, at) => append(removalLine(tenant, at)),
    async *lines() {
      if (path === undefined || !existsSync(path)) return;
      yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    },
  };
}
