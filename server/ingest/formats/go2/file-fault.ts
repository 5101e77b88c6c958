/** Why a GO2 file is refused as a whole, with nothing of it applied (esr.md 1.2; the codes follow prior art's list). */
const sentences = {
  empty: 'the file is empty',
  'wrong-format': 'the file is not an ESR Generic Outbound (GO2) file: its first line is no header (HDR)',
  'no-header': 'the file has no header: its first line is a data row, not HDR',
  'snapshot-request': 'the file is a snapshot request (GDR), which asks ESR for data: it has no rows and no trailer',
  'bad-header-field': 'the header (HDR) is wrong',
  'second-header': 'the file has a second header (HDR): two files may have been joined',
  'too-short': 'the full file has no rows between its header and its trailer',
  'no-trailer': 'the file has no trailer (TRL): it may have been cut short',
  'record-count': 'the trailer (TRL) does not count the lines of the file: rows may have been lost',
  'data-after-trailer': 'the file goes on after its trailer (TRL): two files may have been joined',
} as const;

export type Go2FaultCode = keyof typeof sentences;

export interface Go2FileFault {
  readonly code: Go2FaultCode;
  /** One sentence for people, no personal data. */
  readonly message: string;
  /** 1-based line, where one is to blame. */
  readonly line: number | null;
}

/** A file-level fault; `detail` adds counts or the name of a header field, never contents of a row. */
export function go2FileFault(
  code: Go2FaultCode,
  line: number | null = null,
  detail: string | null = null,
): Go2FileFault {
  const sentence = sentences[code];
  const start = `${sentence[0]?.toUpperCase()}${sentence.slice(1)}`;
  return { code, line, message: detail === null ? `${start}.` : `${start} (${detail}).` };
}
