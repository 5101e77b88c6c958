import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Predicate, Query, SortField } from '../../../../server/search/query.ts';
import { Connection } from '../../../../server/store/sqlite/connection.ts';
import { dataMigrations } from '../../../../server/store/sqlite/migrations.ts';
import { compileCount, compilePage, drivers } from '../../../../server/store/sqlite/query.ts';
import { layoutsOf } from '../../../../server/store/sqlite/schema.ts';
import { compileSorted, type SortedPart } from '../../../../server/store/sqlite/sorted.ts';
import { suiteSchema, temporaryFolder } from '../../../support/store-fixture.ts';

const layouts = layoutsOf('v1', suiteSchema);
const organization: Predicate = { is: 'reference', param: 'organization', targets: ['Organization/o1'] };
const active: Predicate = { is: 'token', param: 'active', code: 'true' };
const role: Predicate = { is: 'token', param: 'role', system: 'nwd', code: 'S1' };

const query = (where: Predicate, more: Partial<Query> = {}): Query => ({
  contract: 'v1',
  type: 'PractitionerRole',
  where,
  sort: { by: 'sequence', descending: false },
  count: 20,
  total: false,
  ...more,
});

describe('the compiled query', () => {
  let data: Connection;
  let clear: () => Promise<void>;

  before(async () => {
    const folder = await temporaryFolder();
    clear = folder.clear;
    const key = randomBytes(32);
    data = new Connection({
      path: join(folder.path, 'data.db'),
      key: () => key,
      migrations: dataMigrations,
      synchronous: 'OFF',
      journal: 'WAL',
      cacheKibibytes: 1024,
    });
    for (const layout of layouts.values()) for (const statement of layout.ddl) data.exec(statement);
  });

  after(async () => {
    data.close();
    await clear();
  });

  const plan = (asked: Query, counting = false) => {
    const [driver] = drivers(asked, layouts);
    const compiled = counting ? compileCount(asked, layouts, driver) : compilePage(asked, layouts, driver, 7);
    const rows = data.rows<[number, number, number, string]>(`EXPLAIN QUERY PLAN ${compiled.text}`, ...compiled.params);
    return rows.map((row) => row[3]).join('; ');
  };

  it('reads organization=X & active=true by _lastUpdated off one index, both ways, without a sort', () => {
    for (const descending of [false, true]) {
      const steps = plan(query({ is: 'and', of: [organization, active] }, { sort: { by: 'sequence', descending } }));
      expect(steps).to.match(/USING COVERING INDEX v1_PractitionerRole_organization\.index/);
      expect(steps).to.match(/organization\.target"?=\? AND (vid|rowid)[<>]\?/);
      expect(steps).to.not.match(/TEMP B-TREE|SCAN/);
    }
  });

  it('counts them in the same index', () => {
    expect(plan(query({ is: 'and', of: [active, organization] }), true)).to.match(/^SEARCH t USING COVERING INDEX/);
  });

  it('reads a code of several in order off its side table, by its key alone', () => {
    const alone = plan(query(role));
    expect(alone).to.match(/^SEARCH d USING PRIMARY KEY \(code=\? AND vid>\?\)$/);
    const anySystem = plan(query({ is: 'token', param: 'role', code: 'S1' }));
    expect(anySystem).to.match(/^SEARCH d USING PRIMARY KEY \(code=\? AND vid>\?\)$/);
    expect(plan(query({ is: 'and', of: [role, active] }))).to.not.match(/TEMP B-TREE|SCAN/);
  });

  it('walks the type in order where nothing drives', () => {
    const steps = plan(query({ is: 'not', of: active }));
    expect(steps).to.match(/^SEARCH t USING INTEGER PRIMARY KEY \(rowid>\?\)$/);
    expect(plan(query({ is: 'all' }, { sort: { by: 'id', descending: true } }))).to.not.match(/TEMP B-TREE/);
  });

  const sortedPlan = (keys: readonly SortField[], more: Partial<Query> = {}, part: Partial<SortedPart> = {}) => {
    const descending = keys.at(-1)?.descending ?? false;
    const asked = query({ is: 'not', of: active }, { sort: { by: 'sequence', descending, keys }, ...more });
    const compiled = compileSorted(asked, layouts, undefined, { ...firstPart, ...part });
    const rows = data.rows<[number, number, number, string]>(`EXPLAIN QUERY PLAN ${compiled.text}`, ...compiled.params);
    return rows.map((row) => row[3]).join('; ');
  };
  const firstPart: SortedPart = { of: 'valued', after: undefined, boundary: undefined, limit: 21 };

  it('reads a page in the order of a parameter off its index, both ways, without a sort', () => {
    for (const descending of [false, true]) {
      const low: SortField = { param: 'date', field: 'low', descending };
      const high: SortField = { param: 'date', field: 'high', descending };
      const next = { after: [5, 6], boundary: 9 };
      for (const part of [{}, next]) {
        const steps = sortedPlan([low, high], {}, part);
        expect(steps).to.match(/^SEARCH t USING INDEX v1_PractitionerRole_date\.index \(date\.low[<>]/);
        // The end is written so that no index serves it: equal starts are few.
        expect(steps).to.not.match(/SCAN|USE TEMP B-TREE FOR ORDER BY/);
      }
      const role: SortField = { param: 'role', field: 'code', descending };
      expect(sortedPlan([role], {}, { after: ['S1'], boundary: 9 })).to.match(/^SEARCH o USING PRIMARY KEY \(code[<>]/);
      expect(sortedPlan([role])).to.not.match(/SCAN|TEMP B-TREE/);
      const organization: SortField = { param: 'organization', field: 'target', descending };
      expect(sortedPlan([organization], {}, { of: 'rest' })).to.match(
        /organization\.index \(organization\.target=\?\)$/,
      );
    }
  });

  it('binds every value', () => {
    const nasty = `x'); DROP TABLE version; --`;
    const where: Predicate = {
      is: 'and',
      of: [
        { is: 'token', param: 'role', system: nasty, code: nasty },
        { is: 'reference', param: 'location', targets: [nasty, nasty] },
        { is: 'id', ids: [nasty] },
        { is: 'chain', param: 'practitioner', type: 'Practitioner', where: { is: 'uri', param: 'url', value: nasty } },
      ],
    };
    expect(compilePage(query(where), layouts, undefined, undefined).text).to.not.include(nasty);
  });

  it('refuses names that could not be part of a table name', () => {
    expect(() => layoutsOf('v1"; --', suiteSchema)).to.throw(/assertion/);
    expect(() => layoutsOf('v1', { 'A"': [] })).to.throw(/assertion/);
    expect(() => layoutsOf('v1', { A: [{ param: 'a"b', kind: 'uri', multiple: true }] })).to.throw(/assertion/);
    expect(() => drivers(query({ is: 'uri', param: 'unknown', value: 'x' }), layouts)).to.throw(/assertion/);
    expect(() => drivers(query({ is: 'uri', param: 'role', value: 'x' }), layouts)).to.throw(/assertion/);
  });
});
