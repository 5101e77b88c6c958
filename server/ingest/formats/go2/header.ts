import { normaliseVpd } from '../../../tenancy/tenant.ts';
import { isCalendarDate } from '../../normalise-date.ts';
import { type Go2FileFault, go2FileFault } from './file-fault.ts';
import { type Go2Name, parseGo2Name } from './name.ts';
import { isKnownRecordType } from './record-type.ts';

/** The HDR record of a data file (esr.md 1.2). Times are local, Europe/London, `YYYY-MM-DDTHH:MM:SS`. */
export interface Go2Header {
  /** The name that ESR gave the file; it counts, not the name under which the file came. */
  readonly fileName: string;
  readonly subtype: Go2Name['subtype'];
  readonly kind: 'full' | 'changes';
  /** Date in the file name, `YYYY-MM-DD`. */
  readonly date: string;
  readonly sequence: number;
  /** Digits without leading zeros. */
  readonly vpd: string;
  readonly createdAt: string;
  /** The previous run, null in an interface's first full file (`00000000 000000`). */
  readonly windowFrom: string | null;
  /** This run. */
  readonly windowTo: string;
  /** Interface version, e.g. `01`. */
  readonly version: string;
}

export type Go2HeaderResult =
  | { readonly ok: true; readonly header: Go2Header }
  | { readonly ok: false; readonly fault: Go2FileFault };

const fieldCount = 7;
const timestamp = /^(\d{4})(\d\d)(\d\d) ([01]\d|2[0-3])([0-5]\d)([0-5]\d)$/;
/** The bytes EF BB BF, read as ISO-8859-1. */
const utf8Mark = '\u00ef\u00bb\u00bf';
const never = '00000000 000000';

/**
 * Parses the first line that is not blank. Field numbers: 2 file name, 3 created, 4 VPD, 5 previous run, 6 this run,
 * 7 interface version; further fields are tolerated.
 *
 * @param text the line without its line end
 * @param line its 1-based number
 */
export function parseGo2Header(text: string, line: number, delimiter: string): Go2HeaderResult {
  const cells = text.split(delimiter).map((cell) => cell.trim());
  const [type, fileName = '', created = '', vpd = '', previous = '', current = '', version = ''] = cells;
  if (cells.length < 2 || type !== 'HDR') {
    const isRow = cells.length > 1 && type !== undefined && (isKnownRecordType(type) || type === 'TRL');
    const detail = type?.startsWith(utf8Mark) ? 'it begins with a UTF-8 byte order mark; GO2 is ISO-8859-1' : null;
    return refuse(go2FileFault(isRow ? 'no-header' : 'wrong-format', line, detail));
  }
  const bad = (detail: string) => refuse(go2FileFault('bad-header-field', line, detail));
  const name = parseGo2Name(fileName);
  if (name?.kind === 'request') return refuse(go2FileFault('snapshot-request', line));
  if (cells.length < fieldCount) return bad(`it has ${cells.length} fields, ${fieldCount} are needed`);
  if (name === undefined) return bad('field 2, file name');
  const createdAt = stamp(created);
  const windowTo = stamp(current);
  const windowFrom = previous === never ? null : stamp(previous);
  if (createdAt === undefined) return bad('field 3, creation time');
  if (!/^\d{1,4}$/.test(vpd)) return bad('field 4, VPD');
  if (normaliseVpd(vpd) !== name.vpd) return bad('field 4, VPD: it differs from the VPD in the file name');
  if (windowFrom === undefined) return bad('field 5, time of the previous run');
  if (windowTo === undefined) return bad('field 6, time of this run');
  if (windowFrom !== null && windowFrom > windowTo) return bad('field 6, time of this run: before the previous run');
  if (!/^[0-9A-Za-z.]{1,10}$/.test(version)) return bad('field 7, interface version');
  const { subtype, kind, date, sequence } = name;
  const times = { createdAt, windowFrom, windowTo };
  return { ok: true, header: { fileName, subtype, kind, date, sequence, vpd: name.vpd, ...times, version } };
}

function refuse(fault: Go2FileFault): Go2HeaderResult {
  return { ok: false, fault };
}

function stamp(text: string): string | undefined {
  const [, year, month, day, hour, minute, second] = timestamp.exec(text) ?? [];
  if (year === undefined || !isCalendarDate(text.slice(0, 8))) return undefined;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
}
