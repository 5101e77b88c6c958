/** A row of a GO2 file, split and not yet understood (esr.md 1.2). */
export interface Go2Row {
  /** 1-based line of the file; HDR is line 1. */
  readonly line: number;
  /** First field: `PRA`, `ASD`, … */
  readonly type: string;
  /** All fields, the type being the first; not trimmed. Of a line that is too long: those of its beginning. */
  readonly cells: readonly string[];
  readonly flaw: RowFlaw;
}

/** What the reader saw in the raw line. Control characters count against a row only where a kept field holds them. */
export type RowFlaw = 'none' | 'line-too-long' | 'control-character';
