import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../core/assert.ts';
import { type Day, go2Date } from './day.ts';
import { type TrustSettings, vpdText } from './settings.ts';

/** Characters that are gathered before they are written. */
const chunkChars = 1 << 20;

interface Go2Header {
  readonly kind: 'GOF' | 'GOC';
  readonly sequence: number;
  /** Midnight that begins this day is the end of the file's window. */
  readonly run: Day;
  /** The end of the last file's window; null: there was none. */
  readonly previous: Day | null;
}

interface Go2Writer {
  readonly name: string;
  /** Rows written so far, HDR apart. */
  readonly rows: number;
  write(rows: readonly string[]): void;
  /** Writes the trailer, which counts itself and the header, and gives the file its name. */
  close(): void;
}

/** The name of a GO2 file of the data-warehouse subtype (esr.md 1.2). */
function go2Name(settings: TrustSettings, header: Go2Header): string {
  const sequence = String(header.sequence).padStart(8, '0');
  return `GO_${vpdText(settings)}_GDW_${header.kind}_${go2Date(header.run)}_${sequence}.DAT`;
}

/**
 * Opens a GO2 file in `folder` and writes its header. Rows are written as they come, in ISO-8859-1; while it is being
 * written the file has the hub's extension `._TXFR`.
 */
export function openGo2File(settings: TrustSettings, folder: string, header: Go2Header): Go2Writer {
  const name = go2Name(settings, header);
  const path = join(folder, name);
  const descriptor = openSync(`${path}._TXFR`, 'w');
  const lineEnd = settings.crlf ? '\r\n' : '\n';
  let pending = '';
  let rows = 0;
  const flush = () => {
    const bytes = Buffer.from(pending, 'latin1');
    assert(bytes.toString('latin1') === pending, 'a GO2 file holds ISO-8859-1 only');
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    pending = '';
  };
  const put = (line: string) => {
    pending += line + lineEnd;
    if (pending.length >= chunkChars) flush();
  };
  const previous = header.previous === null ? '00000000 000000' : `${go2Date(header.previous)} 000000`;
  const run = go2Date(header.run);
  put(['HDR', name, `${run} 072050`, vpdText(settings), previous, `${run} 000000`, '01'].join('~'));
  return {
    name,
    get rows() {
      return rows;
    },
    write(lines) {
      for (const line of lines) put(line);
      rows += lines.length;
    },
    close() {
      put(`TRL~${rows + 2}`);
      flush();
      closeSync(descriptor);
      renameSync(`${path}._TXFR`, path);
    },
  };
}
