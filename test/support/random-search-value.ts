import type { SearchParameter } from '../../server/search/parameters.ts';
import type { DatePrefix, IndexEntry } from '../../server/search/query.ts';
import type { Dice } from './dice.ts';

/** The index parameter that a form looks into. */
export function sampled(code: string, form: string): string {
  return form === 'text' || form === 'of-type' || form === 'identifier' ? `${code}:${form}` : code;
}

/** A value that finds what has `entry`, mostly; `form`: the modifier. */
export function valueFor(
  random: Dice,
  parameter: SearchParameter,
  form: string,
  entry: IndexEntry | undefined,
): string {
  if (form === 'missing') return random.pick(['true', 'false']);
  switch (entry?.kind) {
    case 'token':
      return form === 'of-type' ? typedValue(entry) : tokenValue(random, parameter, entry);
    case 'string':
      return stringValue(random, form, entry);
    case 'reference': {
      const id = entry.target.slice(entry.target.indexOf('/') + 1);
      if (form === 'Type') return id;
      return random.pick([id, entry.target, `https://api.example/t/rxx/fhir/v1/${entry.target}`]);
    }
    default:
      if (parameter.of === 'boolean') return 'true';
      return form === 'of-type' ? 'urn:none|none|none' : 'none';
  }
}

function typedValue({ system, code }: IndexEntry & { readonly kind: 'token' }): string {
  const bar = code.indexOf('|');
  return [system ?? 'urn:none', code.slice(0, bar), code.slice(bar + 1)].map(escaped).join('|');
}

function tokenValue(random: Dice, { of }: SearchParameter, { system, code }: IndexEntry & { readonly kind: 'token' }) {
  const whole = system === null ? `|${escaped(code)}` : `${escaped(system)}|${escaped(code)}`;
  if (system === null || of === 'boolean' || of === 'code') return random.pick([escaped(code), whole]);
  return random.pick([escaped(code), whole, whole, `${escaped(system)}|`]);
}

function stringValue(random: Dice, form: string, { value }: IndexEntry & { readonly kind: 'string' }): string {
  if (form === 'exact') return escaped(random.chance(0.8) ? value : value.toLowerCase());
  const points = Array.from(value);
  const start = form === 'contains' ? random.number(points.length) : 0;
  const part = points.slice(start, start + 1 + random.number(points.length)).join('');
  return escaped(part.trim() === '' ? value : random.pick([part, part.toUpperCase()]));
}

function escaped(text: string): string {
  return text.replace(/[\\,|$]/g, '\\$&');
}

/** A date near an end of `entry`, in any precision. */
export function dateValue(random: Dice, prefix: DatePrefix, entry: IndexEntry | undefined): string {
  const ends = entry?.kind === 'date' ? [entry.low, entry.high - 1, entry.high] : [];
  const known = ends.filter((end) => Math.abs(end) < 8e15);
  const instant = known.length === 0 ? Date.UTC(2026, 0, 1) : random.pick(known) + random.pick([0, 0, -1, 86_400_000]);
  const text = new Date(instant).toISOString();
  return `${prefix}${random.pick([text, text.slice(0, 10), text.slice(0, 10), text.slice(0, 7), text.slice(0, 4)])}`;
}
