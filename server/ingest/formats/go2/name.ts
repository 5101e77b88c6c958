import { normaliseVpd } from '../../../tenancy/tenant.ts';
import { isCalendarDate } from '../../normalise-date.ts';

/** What a GO2 file name says: `GO_<VPD>_<subtype>_<kind>_<YYYYMMDD>_<NNNNNNNN>.DAT` (esr.md 1.2). */
export interface Go2Name {
  /** Digits without leading zeros. */
  readonly vpd: string;
  /** `GDW` data warehouse, `EXP` expenses. */
  readonly subtype: 'GDW' | 'EXP';
  readonly kind: 'full' | 'changes' | 'request';
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** Rises by one with every run of a VPD's interface. */
  readonly sequence: number;
}

const grammar = /^GO_(\d{3,4})_(GDW|EXP)_(GOF|GOC|GDR)_(\d{8})_(\d{8})\.DAT$/;
const kinds = { GOF: 'full', GOC: 'changes', GDR: 'request' } as const;

/** Parses a GO2 file name; undefined where it does not follow the grammar or its date is not of the calendar. */
export function parseGo2Name(name: string): Go2Name | undefined {
  const [, vpd, subtype, kind, date, sequence] = grammar.exec(name) ?? [];
  if (vpd === undefined || date === undefined || !isCalendarDate(date)) return undefined;
  return {
    vpd: normaliseVpd(vpd),
    subtype: subtype as Go2Name['subtype'],
    kind: kinds[kind as keyof typeof kinds],
    date: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`,
    sequence: Number(sequence),
  };
}
