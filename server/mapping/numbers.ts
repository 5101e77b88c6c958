import type { Fields, RecordType, Slice } from '../record/record.ts';
import { fold } from './code-list.ts';
import { locationName, organisationName } from './esr-name.ts';

/**
 * What a record goes by besides its ESR id, as `type/…` texts: the employee number of a person, the number and start
 * of an assignment (numbers alone are reused), the number of a position, a person's body and number, the names
 * of organisations and locations, which are unique within an ESR VPD. Each once (meaning.md, CSV without ESR ids).
 */
export function numbersOf(type: RecordType, slices: readonly Pick<Slice, 'start' | 'fields'>[]): readonly string[] {
  const [first] = slices;
  if (slices.length === 1 && first !== undefined) return numbersOfSlice(type, first);
  const start = slices[0]?.start ?? null;
  return [...new Set(slices.flatMap(({ fields }) => numbersOfSlice(type, { start, fields })))];
}

function numbersOfSlice(type: RecordType, { start, fields }: Pick<Slice, 'start' | 'fields'>): readonly string[] {
  switch (type) {
    case 'person':
      return made('person', text(fields, 'employeeNumber'));
    case 'assignment':
      return made('assignment', text(fields, 'assignmentNumber'), text(fields, 'earliestStart') ?? start ?? undefined);
    case 'position':
      return made('position', text(fields, 'positionNumber'));
    case 'registration':
      // Numbers are often still awaited, and then many people have the same text for one.
      return made(
        'registration',
        text(fields, 'personId'),
        folded(text(fields, 'body')),
        folded(text(fields, 'number')),
      );
    case 'organisation': {
      const name = text(fields, 'name');
      return made('organisation', folded(name && organisationName(name)));
    }
    case 'location': {
      const code = text(fields, 'code');
      const names = [text(fields, 'description'), code && locationName(code)];
      return [...new Set(names.flatMap((name) => made('location', folded(name))))];
    }
    case 'nacs':
      return [];
  }
}

function made(type: RecordType, ...parts: readonly (string | undefined)[]): readonly string[] {
  return parts.some((part) => part === undefined || part === '') ? [] : [[type, ...parts].join('/')];
}

function folded(value: string | undefined): string | undefined {
  return value === undefined ? undefined : fold(value);
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}
