import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { type RecordType, recordTypes } from '../../../server/record/record.ts';
import { columnDocuments, columnsWithBirthDate } from './esr-columns.ts';
import { assignmentRow, go2Row, personRow, registrationRow } from './go2-text.ts';
import { stagedOf } from './read-all.ts';

interface RecordSchema {
  readonly $defs: Readonly<
    Record<string, { readonly properties?: Record<string, unknown>; readonly required?: string[] }>
  >;
}

const file = new URL('../../../mappings/esr/record.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(file, 'utf8')) as RecordSchema;
const validate = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

/** What a table keeps, by name, as the compiled columns say it. */
function namesOf(type: RecordType): readonly string[] {
  const table = [...columnsWithBirthDate.byCode.values()].find(
    (each) => each.record === type && each.action === 'upsert',
  );
  return (table?.columns ?? []).flatMap((column) =>
    column.kind === 'flexfield'
      ? column.parts.filter((part) => part !== null).map((part) => part.slice(1, -2))
      : [column.name],
  );
}

describe('record schema', () => {
  for (const type of recordTypes) {
    it(`names the same fields of a ${type} as its column table`, () => {
      const properties = schema.$defs[type]?.properties ?? {};
      expect(Object.keys(properties).sort()).to.deep.equal([...namesOf(type)].sort());
      for (const [name, property] of Object.entries(properties)) {
        expect(property, name)
          .to.have.property('description')
          .that.matches(/^[A-Z]{3} \d+ /);
      }
    });
  }

  it('requires what the column tables require', () => {
    for (const { document } of columnDocuments) {
      const table = document as { record: string; columns: { name?: string; required?: boolean }[] };
      const required = table.columns.filter((column) => column.required === true).map((column) => column.name);
      expect(schema.$defs[table.record]?.required ?? []).to.deep.equal(required);
    }
  });

  it('accepts every kind of row that was normalised', async () => {
    const rows = await stagedOf(
      personRow,
      assignmentRow,
      registrationRow,
      go2Row('POA', { 2: '1', 3: '20190422', 4: '20200101', 5: '77', 7: '.5' }),
      go2Row('ORA', { 2: '2', 3: 'Ward', 5: '19510101' }),
      go2Row('LCA', { 2: '3', 5: '20110803' }),
      go2Row('LOV', { 2: 'LKUP', 3: 'NHS_NACS_CODE', 4: '277-RPG', 5: '277-RPG OXLEAS', 10: 'Y' }),
    );
    expect(rows.map((row) => row.fault)).to.deep.equal(rows.map(() => null));
    for (const { key, start, end, fields } of rows) {
      const record = { ...key, slices: [{ start, end, fields: JSON.parse(fields) as unknown }] };
      expect(validate(record), `${key.type} ${JSON.stringify(validate.errors)}`).to.equal(true);
    }
  });

  it('refuses a field that is not on the allow-list', () => {
    const slice = { start: '2020-01-01', end: null, fields: { lastName: 'A', nationalInsuranceNumber: 'B' } };
    expect(validate({ type: 'person', id: '1', slices: [slice] })).to.equal(false);
  });
});
