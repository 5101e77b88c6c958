import { isoText } from './day.ts';
import type { ServerModel, Tally } from './server-model.ts';
import type { TrustSettings } from './settings.ts';

export interface FileManifest {
  readonly name: string;
  readonly kind: 'full' | 'changes' | 'csv';
  readonly rows: number;
  /** Practitioners, PractitionerRoles, and those active today, in the store after this file. */
  readonly people: number;
  readonly assignments: number;
  readonly active_assignments: number;
  readonly expect: Tally;
}

export function fileManifest(
  server: ServerModel,
  name: string,
  kind: FileManifest['kind'],
  rows: number,
  tally: Tally,
) {
  const { people, assignments, active } = server.totals;
  const file: FileManifest = { name, kind, rows, people, assignments, active_assignments: active, expect: tally };
  return file;
}

export interface Manifest {
  readonly vpd: string;
  readonly ods: string;
  readonly seed: string;
  readonly staff: number;
  readonly startDate: string;
  readonly files: readonly FileManifest[];
}

export function manifestOf(settings: TrustSettings, files: readonly FileManifest[]): Manifest {
  const { vpd, ods, seed, staff } = settings;
  return { vpd, ods, seed, staff, startDate: isoText(settings.today), files };
}
