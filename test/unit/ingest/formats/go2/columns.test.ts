import { expect } from 'chai';
import { AppError } from '../../../../../server/core/error.ts';
import { compileColumns } from '../../../../../server/ingest/formats/go2/columns.ts';
import { columnDocuments, columns, columnsWithBirthDate } from '../../esr-columns.ts';

const column = { field: 3, name: 'name', esr: 'Name', kind: 'text' };
const table = {
  record: 'location',
  upsert: 'LCA',
  delete: 'LCD',
  width: { minimum: 4, known: 4 },
  key: { field: 2, esr: 'Location ID' },
  columns: [column],
};

function errorOf(...documents: readonly unknown[]): string {
  try {
    compileColumns(
      documents.map((document, at) => ({ file: `${at}.json`, document })),
      { publishBirthDate: false },
    );
  } catch (error) {
    if (error instanceof AppError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'none';
}

const names = (of: typeof columns) => of.byCode.get('PRA')?.columns.map((each) => each.name) ?? [];

describe('GO2 column tables', () => {
  it('keep seven record types with their deletes, LOV having none', () => {
    expect([...columns.byCode.keys()].sort()).to.deep.equal(
      ['ASA', 'ASD', 'ETA', 'ETD', 'LCA', 'LCD', 'LOV', 'ORA', 'ORD', 'POA', 'POD', 'PRA', 'PRD'].sort(),
    );
  });

  it('keep the birth date only where the tenant switched it on', () => {
    expect(names(columns)).to.not.include('birthDate');
    expect(names(columnsWithBirthDate)).to.include('birthDate');
  });

  it('name no field that is never published', () => {
    // PRA 15 NI number, 19 termination reason, 23 ethnic origin, 24–29, 37–44 disability and others; ASA 34 salary.
    const person = columnsWithBirthDate.byCode.get('PRA')?.columns.map((each) => each.index + 1) ?? [];
    expect(person.filter((field) => [15, 19, 22, 23, 24, 25, 26, 27, 40, 41, 42].includes(field))).to.deep.equal([]);
    const assignment = columns.byCode.get('ASA')?.columns.map((each) => each.index + 1) ?? [];
    expect(assignment.filter((field) => [12, 32, 33, 34, 36, 42, 47].includes(field))).to.deep.equal([]);
  });

  it('compile from the schema that they follow', () => {
    expect(errorOf(...columnDocuments.map(({ document }) => document))).to.equal('none');
    expect(errorOf(table)).to.equal('none');
  });

  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['an unknown kind', { ...table, columns: [{ ...column, kind: 'money' }] }, '0.json: /columns/0/kind'],
    ['a name that is missing', { ...table, columns: [{ field: 3, esr: 'Name', kind: 'text' }] }, '0.json: /columns/0'],
    ['a property nobody knows', { ...table, colour: 'red' }, '0.json: /'],
    ['a flexfield without parts', { ...table, columns: [{ field: 3, esr: 'N', kind: 'flexfield' }] }, '/columns/0'],
    ['a field beyond the row', { ...table, columns: [{ ...column, field: 9 }] }, '/columns/0/field is beyond the 4'],
    ['a name given twice', { ...table, columns: [column, { ...column, field: 4 }] }, '/columns/1 names name'],
    ['a key beyond the row', { ...table, key: { field: 7, esr: 'ID' } }, '/key/field'],
    ['dates beyond the row', { ...table, slice: { start: 4, end: 5 } }, '/slice'],
    ['a filter beyond the row', { ...table, only: { field: 5, equals: 'x' } }, '/only/field'],
    ['widths that contradict', { ...table, width: { minimum: 4, known: 3 } }, '/width/known'],
    ['no object at all', 'LCA', '0.json: /'],
  ];
  for (const [what, document, says] of wrong) {
    it(`refuse ${what}, naming file and path`, () => {
      expect(errorOf(document)).to.match(/^invalid 0\.json: \//);
      expect(errorOf(document)).to.contain(says);
    });
  }

  it('refuse a second table for a record type', () => {
    expect(errorOf(table, table)).to.equal('invalid 1.json: /upsert LCA has a table already');
    const other = { ...table, upsert: 'XXA', delete: 'XXD' };
    expect(errorOf(table, other)).to.equal('invalid 1.json: /record location has a table already');
  });
});
