import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { present } from '../../server/core/assert.ts';

const lineFeed = 10;
const chunkBytes = 1 << 20;

export interface Reload {
  /** Sequence number in the header and the name. */
  readonly sequence: number;
  /** Share of the kept rows in which a published field is changed, 0–1. */
  readonly changed: number;
}

/**
 * Writes the full file that ESR would send next: a new header (sequence, window), the rows of `full` in another order,
 * a share of them changed. Returns its path.
 */
export function writeReload(full: string, folder: string, { sequence, changed }: Reload): string {
  const bytes = readFileSync(full);
  const starts = lineStarts(bytes);
  const lineAt = (at: number) => bytes.subarray(starts[at] ?? 0, starts[at + 1] ?? bytes.length);
  const header = lineAt(0).toString('latin1').trimEnd().split('~');
  const name = present(header[1], 'file name').replace(/\d{8}\.DAT$/, `${String(sequence).padStart(8, '0')}.DAT`);
  const [previous, current] = [
    present(header[5], 'window end'),
    nextDay(present(header[5], 'window end'), sequence - 1),
  ];
  const from = sequence === 2 ? previous : nextDay(previous, sequence - 2);
  const path = join(folder, name);
  const { put, close } = linesTo(path);
  put(Buffer.from(`${['HDR', name, current, header[3], from, current, '01'].join('~')}\n`));
  const random = randomOf(sequence);
  for (const at of shuffled(starts.length - 2, random)) {
    const line = lineAt(at + 1);
    put(changed > 0 ? edited(line, changed, random) : line);
  }
  put(lineAt(starts.length - 1));
  close();
  return path;
}

/** Writes the same report with its rows in another order; no cell of it may hold a line break. Returns its path. */
export function writeCsvReload(csv: string, folder: string): string {
  const bytes = readFileSync(csv);
  const starts = lineStarts(bytes);
  const path = join(folder, `again-${basename(csv)}`);
  const { put, close } = linesTo(path);
  for (const at of [0, ...shuffled(starts.length - 1, randomOf(2)).map((one) => one + 1)]) {
    put(bytes.subarray(starts[at] ?? 0, starts[at + 1] ?? bytes.length));
  }
  close();
  return path;
}

function linesTo(path: string) {
  const out = openSync(path, 'w');
  let pending: Uint8Array[] = [];
  let size = 0;
  const put = (line: Uint8Array) => {
    pending.push(line);
    size += line.length;
    if (size < chunkBytes) return;
    writeAll(out, Buffer.concat(pending));
    pending = [];
    size = 0;
  };
  const close = () => {
    writeAll(out, Buffer.concat(pending));
    closeSync(out);
  };
  return { put, close };
}

function lineStarts(bytes: Buffer): Uint32Array {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at = bytes.indexOf(lineFeed, at) + 1 || bytes.length) starts.push(at);
  return Uint32Array.from(starts);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** 0 … count − 1 in a random order (Fisher–Yates). */
function shuffled(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}

/** Zero-based fields that are published: a person's first name, a role's and a position's whole-time equivalent. */
const editable: Readonly<Record<string, { readonly field: number; readonly to: string }>> = {
  PRA: { field: 7, to: 'Robin' },
  ASA: { field: 25, to: '0.55' },
  POA: { field: 6, to: '0.55' },
};

function edited(line: Buffer, share: number, random: () => number): Buffer {
  const found = editable[line.toString('latin1', 0, 3)];
  if (found === undefined || random() >= share) return line;
  const cells = line.toString('latin1').split('~');
  cells[found.field] = found.to;
  return Buffer.from(cells.join('~'), 'latin1');
}

/** `yyyyMMdd HHmmss`, `days` later. */
function nextDay(stamp: string, days: number): string {
  const date = new Date(`${stamp.slice(0, 4)}-${stamp.slice(4, 6)}-${stamp.slice(6, 8)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return `${date.toISOString().slice(0, 10).replaceAll('-', '')}${stamp.slice(8)}`;
}

/** Park–Miller: the same shuffle in every run. */
function randomOf(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
