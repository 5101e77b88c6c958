import { decodeEsr, hasControls, isUnusual } from './decode.ts';

/** A row of a GO2 file (esr.md 1.2) as its bytes lie there: most rows of a full file are never read any further. */
export interface Go2Line {
  /** 1-based line of the file; HDR is line 1. */
  readonly line: number;
  /** First field: `PRA`, `ASD`, … */
  readonly type: string;
  /** What stands between its fields. */
  readonly delimiter: string;
  /** The row is `bytes` from `start` to `end`, without its line end; of a line that is too long, its beginning. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly tooLong: boolean;
}

/** A row as text, not yet split: fields that live no longer than their row cost less collection. */
export interface Go2Row extends Pick<Go2Line, 'line' | 'type' | 'delimiter'> {
  readonly text: string;
  readonly flaw: RowFlaw;
  /** Hash of the line (`ingest/line-hash.ts`), where somebody will look for it in later files. */
  readonly raw?: string;
}

/** What the reader saw in the raw line. Control characters count against a row only where a kept field holds them. */
export type RowFlaw = 'none' | 'line-too-long' | 'control-character';

/** The row as text: a CR or TAB inside it is read as a space. */
export function rowOf({ line, type, delimiter, bytes, start, end, tooLong }: Go2Line): Go2Row {
  const { text, controls } = lineText(bytes, start, end);
  const flaw = tooLong ? 'line-too-long' : controls ? 'control-character' : 'none';
  return { line, type, text, delimiter, flaw };
}

export function lineText(bytes: Buffer, start: number, end: number): { text: string; controls: boolean } {
  const raw = decodeEsr(bytes.subarray(start, end));
  if (!isUnusual(raw) && !raw.includes('\r')) return { text: raw, controls: false };
  const text = raw.replace(/[\t\r]/g, ' ');
  return { text, controls: hasControls(text) };
}
