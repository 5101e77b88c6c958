import { addDays } from '../core/clock.ts';
import type { FieldValue, Slice, SourceRecord } from '../record/record.ts';

/** Fields besides the slice bounds that hold a date: `first` = that day shows something new, `last` = the day after. */
const datedFields = {
  nacs: { first: [], last: [] },
  location: { first: [], last: ['inactiveDate'] },
  organisation: { first: [], last: [] },
  position: { first: [], last: [] },
  person: { first: [], last: ['terminationDate'] },
  registration: { first: [], last: [] },
  assignment: { first: ['earliestStart'], last: ['endDate'] },
} as const satisfies Record<SourceRecord['type'], { first: readonly string[]; last: readonly string[] }>;

/** Gathers the next date on which records may show something else (`Projection.due`). */
export class DueDate {
  readonly #today: string;
  #first: string | null = null;
  #last: string | null = null;

  constructor(today: string) {
    this.#today = today;
  }

  /** Takes in every date of a record: slice starts, the days after ends, and its dated fields. */
  add(record: SourceRecord): void {
    const fields = datedFields[record.type];
    for (const slice of record.slices) this.#addSlice(slice, fields);
  }

  /** `YYYY-MM-DD`, after today, or null where nothing is ahead. */
  get value(): string | null {
    if (this.#last === null) return this.#first;
    const dayAfter = addDays(this.#last, 1);
    return this.#first !== null && this.#first < dayAfter ? this.#first : dayAfter;
  }

  #addSlice(slice: Slice, fields: { first: readonly string[]; last: readonly string[] }): void {
    this.#addFirst(slice.start);
    this.#addLast(slice.end);
    for (const name of fields.first) this.#addFirst(slice.fields[name]);
    for (const name of fields.last) this.#addLast(slice.fields[name]);
  }

  #addFirst(date: FieldValue | null | undefined): void {
    if (typeof date !== 'string' || date <= this.#today) return;
    if (this.#first === null || date < this.#first) this.#first = date;
  }

  #addLast(date: FieldValue | null | undefined): void {
    if (typeof date !== 'string' || date < this.#today) return;
    if (this.#last === null || date < this.#last) this.#last = date;
  }
}
