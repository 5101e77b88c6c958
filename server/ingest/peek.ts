import { limits } from '../core/limits.ts';
import { chooseFormat, firstBytesMax } from './choose-format.ts';
import type { CsvProfile } from './formats/csv/profile.ts';
import { peekGo2Header } from './formats/go2/read.ts';
import type { Source } from './parts.ts';
import { firstBytes } from './sources/magic.ts';

/**
 * Whose file it says it is: the VPD of a GO2 header, or the first VPD number or ODS code in a CSV's tenant column.
 * Undefined where it does not say.
 *
 * @param profiles of every tenant whose file it may be
 */
export async function peekVpd(source: Source, profiles: readonly CsvProfile[]): Promise<string | undefined> {
  const first = await firstBytes(source.open(), firstBytesMax);
  const format = chooseFormat(first, source.name, profiles);
  if (format.is === 'go1') return format.header.vpd;
  if (format.is === 'csv') {
    const { header, sample } = format.layout;
    if (header.tenant < 0) return undefined;
    // Reading ten rows is a tenth of the work, and the first of them will say it.
    for (const rowsMax of [10, limits.csvRowsSampledMax]) {
      const codes = sample(rowsMax).map((cells) => (cells[header.tenant] ?? '').trim());
      const code = codes.find((one) => one !== '');
      if (code !== undefined) return code;
    }
    return undefined;
  }
  const peeked = peekGo2Header(first);
  return peeked.ok ? peeked.header.vpd : undefined;
}
