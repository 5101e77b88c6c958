import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { londonDate, systemClock } from '../../core/clock.ts';
import { AppError } from '../../core/error.ts';
import { writeChangesFile } from './changes-file.ts';
import { writeCsvFile } from './csv-file.ts';
import { dayOf, isoText } from './day.ts';
import { writeFullFile } from './full-file.ts';
import { type FileManifest, type Manifest, manifestOf } from './manifest.ts';
import { emptyServer } from './server-model.ts';
import type { TrustSettings } from './settings.ts';

export interface TrustOptions {
  /** People in the full file, 1 to 5,000,000. */
  readonly staff: number;
  /** One to three digits. */
  readonly vpd: string;
  readonly ods: string;
  readonly seed: string;
  /** Folder that receives the files and `manifest.json`; made where it is absent. */
  readonly out: string;
  /** `YYYY-MM-DD`, "today" of the manifest's counts; left out: today in Europe/London. */
  readonly startDate?: string;
  /** Changes files after the full one, default 1. */
  readonly days?: number;
  /** Share of rows to damage, 0 (default) to 0.5. */
  readonly broken?: number;
  /** A staff-in-post CSV after the GO2 files. */
  readonly csv?: boolean;
  /** CRLF line ends. */
  readonly crlf?: boolean;
}

/**
 * Writes a synthetic trust's ESR files and their manifest: one full GO2 file, then one changes file per day, whose last
 * window ends with the start date. Throws AppError `invalid` where an option is out of range.
 */
export function generateTrust(options: TrustOptions): Manifest {
  const settings = settingsOf(options);
  mkdirSync(options.out, { recursive: true });
  const server = emptyServer(settings);
  const files: FileManifest[] = [writeFullFile(server, options.out)];
  for (let day = 1; day <= settings.days; day++) files.push(writeChangesFile(server, options.out, day));
  if (options.csv === true) files.push(writeCsvFile(server, options.out));
  const manifest = manifestOf(settings, files);
  writeFileSync(join(options.out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function settingsOf(options: TrustOptions): TrustSettings {
  const { staff, vpd, ods, seed, days = 1, broken = 0, crlf = false } = options;
  const startDate = options.startDate ?? londonDate(systemClock.now());
  const today = dayOf(startDate);
  check(Number.isInteger(staff) && staff >= 1 && staff <= 5_000_000, 'staff is a whole number from 1 to 5000000');
  check(/^\d{1,3}$/.test(vpd), 'vpd is one to three digits');
  check(/^[A-Z0-9]{3,8}$/.test(ods), 'ods is three to eight capital letters and digits');
  check(Number.isInteger(days) && days >= 0 && days <= 366, 'days is a whole number from 0 to 366');
  check(broken >= 0 && broken <= 0.5, 'broken is a share from 0 to 0.5');
  check(Number.isFinite(today) && isoText(today) === startDate, 'start date is a date YYYY-MM-DD');
  return { staff, vpd, ods, seed, today, days, broken, crlf };
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new AppError('invalid', message);
}
