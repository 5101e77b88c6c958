import { normaliseVpd } from '../../../tenancy/tenant.ts';
import { isCalendarDate } from '../../normalise-date.ts';

/** What the HDR record of a Generic Outbound v1 file says: its name alone (esr.md 1.5). */
export interface Go1Header {
  readonly fileName: string;
  /** Digits without leading zeros. */
  readonly vpd: string;
  readonly kind: 'full' | 'changes';
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly sequence: number;
}

const first = /^\s*"?HDR"?\s*,\s*"?([^",\r\n]+)"?/;
const grammar = /^GO_(\d{3,4})_ASG_(\d{8})_(Full|Changes)_(\d{1,8})\.DAT$/i;

/** Reads the beginning of a file; undefined where it is no GO v1 file. */
export function peekGo1Header(bytes: Uint8Array): Go1Header | undefined {
  const text = Buffer.from(bytes.subarray(0, 512)).toString('latin1');
  return parseGo1Name(first.exec(text)?.[1]?.trim() ?? '');
}

/** The grammar of the names: `GO_<vpd>_ASG_<yyyymmdd>_Full_<seq>.DAT`. */
function parseGo1Name(fileName: string): Go1Header | undefined {
  const [, vpd, day, kind, sequence] = grammar.exec(fileName) ?? [];
  if (vpd === undefined || day === undefined || !isCalendarDate(day)) return undefined;
  return {
    fileName,
    vpd: normaliseVpd(vpd),
    kind: kind?.toLowerCase() === 'full' ? 'full' : 'changes',
    date: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`,
    sequence: Number(sequence),
  };
}
