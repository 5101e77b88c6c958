/** Field numbers (1-based, as in esr.md 1.3) and their values; what is left out is blank. */
type FieldsByNumber = Readonly<Record<number, string>>;

/** One GO2 row: `type` is field 1, `width` the number of fields of the interface version. */
export function row(type: string, width: number, fields: FieldsByNumber): string {
  const parts: string[] = new Array<string>(width).fill('');
  parts[0] = type;
  for (const number in fields) parts[Number(number) - 1] = fields[number] ?? '';
  return parts.join('~');
}

/** A number as ESR writes it: no zero before the point. */
export function numberText(value: number): string {
  return String(value).replace(/^0\./, '.');
}

/** A stamp `yyyyMMdd HHmmss`; the time of day is only there to look real. */
export function stampText(date: string, salt: number): string {
  const seconds = (salt * 7919) % 36_000;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date} ${two(8 + Math.floor(seconds / 3600))}${two(Math.floor(seconds / 60) % 60)}${two(seconds % 60)}`;
}
