import { keyText, type RecordKey, type RecordType, type Slice, type SourceRecord } from '../record/record.ts';
import { DueDate } from './due.ts';
import { chooseSlice, overlaps } from './in-force.ts';
import type { ProjectionContext, RecordSet, Warning } from './projection.ts';

/** A record as it shows on the projection's date. */
export interface Reading {
  readonly key: RecordKey;
  readonly record: SourceRecord;
  readonly slice: Slice;
  readonly fields: Slice['fields'];
  readonly inForce: boolean;
}

export type Warn = (warning: Warning) => void;

/**
 * One projection's view of the records: everything read through it counts for `due`, and its doubts are gathered,
 * each once.
 */
export class Reader {
  readonly records: RecordSet;
  readonly context: ProjectionContext;
  readonly warnings: Warning[] = [];
  readonly warn: Warn;
  readonly #due: DueDate;
  readonly #readings = new Map<SourceRecord, Reading>();

  constructor(records: RecordSet, context: ProjectionContext) {
    this.records = records;
    this.context = context;
    this.#due = new DueDate(context.today);
    this.warn = (warning) => {
      const same = this.warnings.some(
        (other) =>
          other.rule === warning.rule &&
          other.field === warning.field &&
          other.message === warning.message &&
          other.record.id === warning.record.id &&
          other.record.type === warning.record.type,
      );
      if (!same) this.warnings.push(warning);
    };
  }

  get due(): string | null {
    return this.#due.value;
  }

  /** The record `type/id` as of today; undefined where it is not there. */
  read(type: RecordType, id: string): Reading | undefined {
    const record = this.records.get({ type, id });
    return record === undefined ? undefined : this.readRecord(record);
  }

  readRecord(record: SourceRecord): Reading {
    const known = this.#readings.get(record);
    if (known !== undefined) return known;
    this.#due.add(record);
    const { slice, inForce } = chooseSlice(record.slices, this.context.today);
    const key = { type: record.type, id: record.id };
    const reading = { key, record, slice, fields: slice.fields, inForce };
    this.#readings.set(record, reading);
    return reading;
  }

  /** Reads a record that the unit owns: its own overlaps are warned about here, and nowhere else. */
  readOwn(record: SourceRecord): Reading {
    const reading = this.readRecord(record);
    if (overlaps(record.slices)) {
      const message = 'slices overlap; the one that starts last is shown';
      this.warn({ rule: 'slices-overlap', record: reading.key, field: null, message, waitsFor: null });
    }
    return reading;
  }

  /** The record that `field` of `from` names; a warning that waits for it where it has not come. */
  follow(from: Reading, field: string, type: RecordType): Reading | undefined {
    const id = textField(from, field);
    if (id === undefined) return undefined;
    const target = this.read(type, id);
    if (target === undefined) {
      const message = `the ${type} that ${field} names is not known yet`;
      this.warn({ rule: 'parent-missing', record: from.key, field, message, waitsFor: { type, id } });
    }
    return target;
  }
}

/** A text field of the slice that shows. */
export function textField(reading: Reading, field: string): string | undefined {
  const value = reading.fields[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The keys of the records given, once each, in that order. */
export function sourcesOf(readings: readonly (Reading | undefined)[]): readonly RecordKey[] {
  const keys = new Map<string, RecordKey>();
  for (const reading of readings) if (reading !== undefined) keys.set(keyText(reading.key), reading.key);
  return [...keys.values()];
}
