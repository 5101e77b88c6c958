import type { Day } from './day.ts';

/** What a synthetic trust is made from. Equal settings make equal bytes. */
export interface TrustSettings {
  /** People in the full file, ≥ 1. */
  readonly staff: number;
  /** ESR Virtual Private Database number, digits. */
  readonly vpd: string;
  /** ODS (NACS) code of the employer. */
  readonly ods: string;
  readonly seed: string;
  /** "Today" of every count in the manifest. */
  readonly today: Day;
  /** Changes files after the full one. */
  readonly days: number;
  /** Share of the rows to damage, 0–0.5. */
  readonly broken: number;
  /** Lines end with CRLF instead of LF. */
  readonly crlf: boolean;
}

/** The VPD as file names, headers and name prefixes write it: three digits. */
export function vpdText(settings: TrustSettings): string {
  return settings.vpd.replace(/^0+(?=\d)/, '').padStart(3, '0');
}

/** What a stream of random numbers is for; keeps the streams apart. */
export const streams = { place: 1, organisation: 2, position: 3, person: 4, row: 5, damage: 6, edit: 7 } as const;
