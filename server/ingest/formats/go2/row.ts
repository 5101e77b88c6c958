/** A row of a GO2 file (esr.md 1.2), not yet split: fields that live no longer than their row cost less collection. */
export interface Go2Row {
  /** 1-based line of the file; HDR is line 1. */
  readonly line: number;
  /** First field: `PRA`, `ASD`, … */
  readonly type: string;
  /** The whole line without its line end; of a line that is too long, its beginning. */
  readonly text: string;
  /** What stands between its fields. */
  readonly delimiter: string;
  readonly flaw: RowFlaw;
}

/** What the reader saw in the raw line. Control characters count against a row only where a kept field holds them. */
export type RowFlaw = 'none' | 'line-too-long' | 'control-character';
