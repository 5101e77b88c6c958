import fc from 'fast-check';
import type { Fields, SourceRecord } from '../../server/record/record.ts';
import { anyRecords } from './arbitrary-esr.ts';

const referenceFields = ['personId', 'organisationId', 'parentId', 'locationId', 'positionId'];

/** A tenant of `groups` small tenants side by side, three people each; always the same for a seed. */
export function population(groups: number, seed: number): readonly SourceRecord[] {
  const samples = fc.sample(anyRecords, { numRuns: groups, seed });
  const records = samples.flatMap((some, index) => some.map((one) => renamed(one, `${index + 1}`)));
  return [...new Map(records.map((one) => [`${one.type}/${one.id}`, one])).values()];
}

function renamed(one: SourceRecord, prefix: string): SourceRecord {
  const fieldsOf = (fields: Fields): Fields =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        referenceFields.includes(name) ? `${prefix}${value}` : value,
      ]),
    );
  const slices = one.slices.map((slice) => ({ ...slice, fields: fieldsOf(slice.fields) }));
  return { ...one, id: one.type === 'nacs' ? one.id : `${prefix}${one.id}`, slices };
}
