import { assert } from '../../../core/assert.ts';
import { limits } from '../../../core/limits.ts';
import { type Block, readBlocks } from './blocks.ts';
import { decodeEsr } from './decode.ts';
import { type Go2FileFault, go2FileFault } from './file-fault.ts';
import { type Go2Header, type Go2HeaderResult, parseGo2Header } from './header.ts';
import { isKnownRecordType } from './record-type.ts';
import { type Go2Line, lineText } from './row.ts';

/** First `header`, then `rows`, last `end`; or `fault` instead of what would follow: nothing comes after it. */
export type Go2Batch =
  | { readonly kind: 'header'; readonly header: Go2Header }
  | { readonly kind: 'rows'; readonly rows: readonly Go2Line[] }
  | { readonly kind: 'end'; readonly counts: Go2Counts }
  | { readonly kind: 'fault'; readonly fault: Go2FileFault };

/** `rows` = rows given out + the sums of `dropped` and of `unknown` (meaning.md, Files). */
export interface Go2Counts {
  /** Lines that are not blank, without HDR and TRL. */
  readonly rows: number;
  /** Rows of recognised record types that are not kept, by type. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Rows of types that the reference does not know, by type; `other` for what does not look like a type. */
  readonly unknown: Readonly<Record<string, number>>;
}

export interface Go2Options {
  /** Record types to give out; all others are counted and dropped unread. */
  readonly keep: { has(type: string): boolean };
  /** One ASCII character between the fields; a per-trust setting of ESR. Default `~`. */
  readonly delimiter?: string;
  /** Rows that are counted and not given out, though their type is kept: by the line that they are on. */
  readonly skip?: ((line: number) => boolean) | undefined;
}

const defaultDelimiter = '~';
const batchRows = limits.stageRowsPerBatchMax;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;

/**
 * Reads an ESR Generic Outbound v2 (GO2) file (esr.md 1.2) in constant memory. Lines end with LF (CRLF tolerated, a
 * last line may lack it) and are split on the delimiter: quotes mean nothing. Blank lines are passed over. A CR or TAB
 * inside a line is read as a space. Faults of the file are values; only failures of `bytes` throw.
 */
export async function* readGo2(bytes: AsyncIterable<Uint8Array>, options: Go2Options): AsyncGenerator<Go2Batch> {
  const state = newState(options);
  for await (const block of readBlocks(bytes)) {
    const before = state.header;
    readBlock(state, block);
    if (before === null && state.header !== null) yield { kind: 'header', header: state.header };
    if (state.fault !== null) break;
    while (state.rows.length >= batchRows) yield rowsOf(state, batchRows);
  }
  const fault = state.fault ?? faultAtEnd(state);
  if (fault !== null) {
    yield { kind: 'fault', fault };
    return;
  }
  if (state.rows.length > 0) yield rowsOf(state, state.rows.length);
  const { dropped, unknown } = state;
  const counts = { rows: state.filled - 2, dropped: Object.fromEntries(dropped), unknown: Object.fromEntries(unknown) };
  yield { kind: 'end', counts };
}

/**
 * Looks at the beginning of a file: is it GO2, and what does its header say? A code other than `wrong-format` or
 * `empty` means that it is GO2, but not a file to read.
 *
 * @param first the first bytes, at least the first line (`limits.lineBytesMax` suffice)
 */
export function peekGo2Header(first: Uint8Array, delimiter: string = defaultDelimiter): Go2HeaderResult {
  const text = decodeEsr(Buffer.from(first.buffer, first.byteOffset, first.byteLength));
  let line = 0;
  for (const raw of text.split('\n')) {
    line += 1;
    if (raw.trim() !== '') return parseGo2Header(raw, line, delimiter);
  }
  return { ok: false, fault: go2FileFault('empty') };
}

interface State {
  readonly delimiter: string;
  readonly typeOf: (code: number) => RowType;
  readonly skip: (line: number) => boolean;
  header: Go2Header | null;
  fault: Go2FileFault | null;
  readonly rows: Go2Line[];
  /** Lines so far, and those of them that are not blank. */
  line: number;
  filled: number;
  trailed: boolean;
  readonly dropped: Map<string, number>;
  readonly unknown: Map<string, number>;
}

function newState(options: Go2Options): State {
  const { keep, delimiter = defaultDelimiter, skip = () => false } = options;
  assert(/^[!-~]$/.test(delimiter), 'the delimiter is one visible ASCII character');
  const counts = { line: 0, filled: 0, dropped: new Map<string, number>(), unknown: new Map<string, number>() };
  const none = { header: null, fault: null, rows: [], trailed: false };
  return { delimiter, typeOf: rowTypes(keep), skip, ...none, ...counts };
}

function rowsOf({ rows }: State, count: number): Go2Batch {
  return { kind: 'rows', rows: rows.splice(0, count) };
}

function faultAtEnd(state: State): Go2FileFault | null {
  if (state.header === null) return go2FileFault('empty');
  if (!state.trailed) return go2FileFault('no-trailer', state.line);
  // A day without changes is a fair changes file; a full file without a single row can only be a mistake.
  return state.header.kind === 'full' && state.filled === 2 ? go2FileFault('too-short') : null;
}

function readBlock(state: State, { bytes, tooLong: cut }: Block): void {
  for (let start = 0; start < bytes.length && state.fault === null; ) {
    const feed = bytes.indexOf(lineFeed, start);
    let end = feed < 0 ? bytes.length : feed;
    const next = end + 1;
    const tooLong = cut || end - start > limits.lineBytesMax;
    if (tooLong) end = start + limits.lineBytesMax;
    state.line += 1;
    while (end > start && bytes[end - 1] === carriageReturn) end -= 1;
    if (tooLong || !isBlank(bytes, start, end)) {
      state.filled += 1;
      readLine(state, bytes, start, end, tooLong);
    }
    start = next;
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  if (end === start) return true;
  return (bytes[start] ?? 0) <= space && lineText(bytes, start, end).text.trim() === '';
}

function readLine(state: State, bytes: Buffer, start: number, end: number, tooLong: boolean): void {
  const { delimiter, line } = state;
  if (state.header === null) {
    const result = parseGo2Header(lineText(bytes, start, end).text, line, delimiter);
    if (result.ok) state.header = result.header;
    else state.fault = result.fault;
    return;
  }
  if (state.trailed) {
    state.fault = go2FileFault('data-after-trailer', line);
    return;
  }
  const ends = end - start === 3 || (end - start > 3 && bytes[start + 3] === delimiter.charCodeAt(0));
  const code = ends ? ((bytes[start] ?? 0) << 16) | ((bytes[start + 1] ?? 0) << 8) | (bytes[start + 2] ?? 0) : 0;
  const { type, is } = state.typeOf(code);
  if (is === 'kept') {
    if (!state.skip(line)) state.rows.push({ line, type, delimiter, bytes, start, end, tooLong });
    return;
  }
  if (type === 'TRL') readTrailer(state, lineText(bytes, start, end).text);
  else if (type === 'HDR') state.fault = go2FileFault('second-header', line);
  else if (is === 'known') count(state.dropped, type);
  else count(state.unknown, unknownName(state.unknown, type));
}

interface RowType {
  readonly type: string;
  readonly is: 'kept' | 'known' | 'unknown';
}

const noType: RowType = { type: '', is: 'unknown' };

/** What the first three bytes of a row say, read once per type: a number is looked up faster than a text is made. */
function rowTypes(keep: Go2Options['keep']): State['typeOf'] {
  const types = new Map<number, RowType>();
  return (code) => {
    const found = types.get(code);
    if (found !== undefined) return found;
    const type = decodeEsr(Buffer.from([code >> 16, (code >> 8) & 255, code & 255]));
    if (!/^[A-Z]{3}$/.test(type)) return keep.has(type) ? { type, is: 'kept' } : noType;
    const made: RowType = { type, is: keep.has(type) ? 'kept' : isKnownRecordType(type) ? 'known' : 'unknown' };
    types.set(code, made);
    return made;
  };
}

/** TRL 2 counts every line that is not blank, HDR and TRL included (esr.md 1.2). */
function readTrailer(state: State, text: string): void {
  const stated = (text.split(state.delimiter)[1] ?? '').trim();
  state.trailed = true;
  if (/^\d{1,12}$/.test(stated) && Number(stated) === state.filled) return;
  const says = /^\d{1,12}$/.test(stated) ? `it says ${Number(stated)}` : 'it says no number';
  state.fault = go2FileFault('record-count', state.line, `${says}, the file has ${state.filled}`);
}

function count(counts: Map<string, number>, type: string): void {
  counts.set(type, (counts.get(type) ?? 0) + 1);
}

/** Contents of a damaged line must not become a name in the ledger, nor fill the memory with names. */
function unknownName(counts: ReadonlyMap<string, number>, type: string): string {
  if (!/^[A-Z]{3}$/.test(type)) return 'other';
  return counts.has(type) || counts.size < limits.unknownTypesListedMax ? type : 'other';
}
