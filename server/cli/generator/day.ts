/** A calendar date as whole days since 1970-01-01, so that the generator's arithmetic knows no time zone. */
export type Day = number;

const isoTexts = new Map<Day, string>();

/** `YYYY-MM-DD` → Day. */
export function dayOf(iso: string): Day {
  return Date.parse(`${iso}T00:00:00Z`) / 86_400_000;
}

/** Day → `YYYY-MM-DD`. */
export function isoText(day: Day): string {
  let text = isoTexts.get(day);
  if (text === undefined) {
    text = new Date(day * 86_400_000).toISOString().slice(0, 10);
    isoTexts.set(day, text);
  }
  return text;
}

/** Day → `yyyyMMdd` as GO2 rows write it; null is blank (esr.md 1.2). */
export function go2Date(day: Day | null): string {
  return day === null ? '' : isoText(day).replaceAll('-', '');
}

/** Day → ` dd/MM/yyyy 00:00:00` with its leading space, as person extra information rows write it (esr.md 1.2). */
export function extraInformationDate(day: Day | null): string {
  if (day === null) return '';
  const iso = isoText(day);
  return ` ${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)} 00:00:00`;
}
