import type { FileRow } from '../store/port.ts';

/** What a GO2 header says of a file's place among the others (esr.md 1.2, HDR). */
export interface Place {
  /** The interface (`go2-gdw`, …): each counts its own sequence per VPD. */
  readonly format: string;
  readonly kind: 'full' | 'changes';
  readonly vpd: string;
  readonly sequence: number;
  /** `YYYY-MM-DDTHH:MM:SS`; null where the header has zeros: the first run. */
  readonly windowFrom: string | null;
  readonly windowTo: string;
}

export type Placed = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/**
 * May the file be applied now? Order is the header's sequence and window (meaning.md, Files): a changes file must be
 * the successor of the last applied file of its VPD; a full file may also come across a gap, which it closes.
 */
export function checkPlace(place: Place, applied: readonly FileRow[]): Placed {
  const last = lastOf(place, applied);
  if (last === undefined) {
    if (place.kind === 'full' || place.windowFrom === null) return { ready: true };
    return held(`no full file of VPD ${place.vpd} has been applied yet: changes have nothing to change`);
  }
  const known = last.sequence ?? 0;
  if (place.sequence === known) {
    return held(`sequence number ${place.sequence} was already used by other bytes (${last.name})`);
  }
  if (place.sequence < known) return held(`sequence number ${place.sequence} is before the last applied one, ${known}`);
  if (place.kind === 'full') return { ready: true };
  if (place.sequence > known + 1) {
    return held(`sequence gap: ${place.sequence} came while ${known + 1} is awaited`);
  }
  if (place.windowFrom !== last.windowTo) {
    const from = place.windowFrom ?? 'the beginning';
    return held(`window gap: it starts at ${from}, the last applied file ended at ${last.windowTo ?? 'no known time'}`);
  }
  return { ready: true };
}

/** Held changes files that an applied full file made superfluous, and the held file that is now due, if any. */
export function afterApplied(
  done: FileRow,
  files: readonly FileRow[],
): { superseded: FileRow[]; next: FileRow | undefined } {
  const applied = files.filter((file) => file.state === 'applied');
  const last = lastOf(placeOf(done), applied);
  const heldFiles = files
    .filter((file) => file.state === 'held' && sameSeries(file, done) && file.sequence !== null)
    .sort((one, other) => (one.sequence ?? 0) - (other.sequence ?? 0));
  const covered = (file: FileRow) => last?.kind === 'full' && (file.sequence ?? 0) < (last.sequence ?? 0);
  const superseded = heldFiles.filter((file) => file.kind === 'changes' && covered(file));
  const next = heldFiles.find((file) => !superseded.includes(file) && checkPlace(placeOf(file), applied).ready);
  return { superseded, next };
}

/** How the reasons begin for which a file waits for others: it applies by itself once they have come. */
const waiting = ['sequence gap', 'window gap', 'no full file'] as const;

/** Is this a held file whose turn has come, because its predecessor was applied just before a process stopped? */
export function isDue(file: FileRow, files: readonly FileRow[]): boolean {
  const waits = file.state === 'held' && waiting.some((start) => file.reason?.startsWith(start) === true);
  return waits && checkPlace(placeOf(file), files).ready;
}

export function placeOf(file: FileRow): Place {
  return {
    format: file.format,
    kind: file.kind === 'full' ? 'full' : 'changes',
    vpd: file.vpd ?? '',
    sequence: file.sequence ?? 0,
    windowFrom: file.windowFrom,
    windowTo: file.windowTo ?? '',
  };
}

function sameSeries(file: FileRow, place: { readonly format: string; readonly vpd: string | null }): boolean {
  return file.format === place.format && file.vpd === place.vpd;
}

function lastOf(place: Place, applied: readonly FileRow[]): FileRow | undefined {
  return applied
    .filter((file) => file.state === 'applied' && sameSeries(file, place) && file.sequence !== null)
    .reduce<FileRow | undefined>(
      (last, file) => (last === undefined || (file.sequence ?? 0) > (last.sequence ?? 0) ? file : last),
      undefined,
    );
}

function held(reason: string): Placed {
  return { ready: false, reason };
}
