import { expect } from 'chai';
import type { SearchParameter } from '../../server/search/parameters.ts';
import type { DatePrefix, Predicate } from '../../server/search/query.ts';
import { beginningOfTime, endOfTime } from '../../server/search/query.ts';
import type { ResourceOp } from '../../server/store/port.ts';
import { at, deletion, period, reference, resource, type StoreContext, text, token } from './store-fixture.ts';

const day = 86_400_000;
const d1 = Date.UTC(2026, 3, 1);

/** Three people, four roles, three organisations in two batches; enough to tell every predicate from its neighbours. */
const people: readonly ResourceOp[] = [
  resource('p1', {
    index: [
      token('active', null, 'true'),
      token('gender', 'g', 'female'),
      token('identifier', 'gmc', '1234567'),
      token('identifier', 'esr', '77'),
      text('family', 'Owens'),
      text('family', 'Owen-Jones'),
      text('title', 'Dr'),
      { param: 'url', kind: 'uri', value: 'http://a/b' },
      { param: 'link', kind: 'uri', value: 'http://x' },
      { param: 'link', kind: 'uri', value: 'http://y' },
    ],
  }),
  resource('p2', {
    index: [
      token('active', null, 'false'),
      token('gender', 'g', 'male'),
      token('identifier', 'esr', '1234567'),
      text('family', 'owens'),
      text('title', 'Drs'),
      { param: 'link', kind: 'uri', value: 'http://y' },
    ],
  }),
  resource('p3', { index: [token('gender', null, 'female'), text('family', 'Z%_\u{10FFFF}')] }),
];

const role = (id: string, index: ResourceOp['index']) => resource(id, { type: 'PractitionerRole', index });

const roles: readonly ResourceOp[] = [
  role('r1', [
    token('active', null, 'true'),
    period('date', d1, d1 + 10 * day),
    period('held', d1, d1 + day),
    period('held', d1 + 5 * day, d1 + 6 * day),
    reference('organization', 'Organization/o1'),
    token('organization:identifier', 'ods', 'RXX'),
    reference('practitioner', 'Practitioner/p1'),
    reference('location', 'Location/l1'),
    reference('location', 'Location/l2'),
    token('role', 'nwd', 'S1'),
    token('role', 'snomed', 'S1'),
  ]),
  role('r2', [
    token('active', null, 'true'),
    period('date', d1 - day, endOfTime),
    reference('organization', 'Organization/o2'),
    reference('practitioner', 'Practitioner/p2'),
    token('role', 'nwd', 'S2'),
  ]),
  role('r3', [
    token('active', null, 'false'),
    period('date', beginningOfTime, d1),
    reference('organization', 'Organization/o1'),
    reference('practitioner', 'Practitioner/p1'),
    reference('location', 'Location/l2'),
  ]),
  role('r4', [reference('practitioner', 'Device/p1')]),
];

const organisations: readonly ResourceOp[] = [
  resource('o1', { type: 'Organization', index: [token('identifier', 'ods', 'RXX')] }),
  resource('o2', { type: 'Organization', index: [reference('partof', 'Organization/o1')] }),
  resource('o3', { type: 'Organization', index: [reference('partof', 'Organization/o2')] }),
];

type Case = readonly [name: string, type: string, where: Predicate, ids: string];

const is = (code: string): Predicate => ({ is: 'token', param: 'active', code });
const named = (match: 'prefix' | 'contains' | 'exact', value: string, param = 'family'): Predicate => ({
  is: 'string',
  param,
  match,
  value,
});
const dated = (prefix: DatePrefix, low: number, high: number, param = 'date'): Predicate => ({
  is: 'date',
  param,
  prefix,
  low,
  high,
});
const refers = (param: string, ...targets: string[]): Predicate => ({ is: 'reference', param, targets });
const coded = (param: string, code?: string, system?: string | null): Predicate => ({
  is: 'token',
  param,
  ...(code === undefined ? {} : { code }),
  ...(system === undefined ? {} : { system }),
});
const not = (of: Predicate): Predicate => ({ is: 'not', of });
const and = (...of: Predicate[]): Predicate => ({ is: 'and', of });
const or = (...of: Predicate[]): Predicate => ({ is: 'or', of });
const chain = (param: string, type: string, where: Predicate): Predicate => ({ is: 'chain', param, type, where });
const has = (type: string, param: string, where: Predicate): Predicate => ({ is: 'has', type, param, where });

const P = 'Practitioner';
const R = 'PractitionerRole';
const O = 'Organization';

const cases: readonly Case[] = [
  ['all', P, { is: 'all' }, 'p1 p2 p3'],
  ['none', P, { is: 'none' }, ''],
  ['an empty and', P, and(), 'p1 p2 p3'],
  ['an empty or', P, or(), ''],
  ['ids', P, { is: 'id', ids: ['p3', 'nobody', 'p1', 'r1'] }, 'p1 p3'],
  ['no ids', P, { is: 'id', ids: [] }, ''],
  ['a code of any system, one value', P, coded('gender', 'female'), 'p1 p3'],
  ['a code of a system, one value', P, coded('gender', 'female', 'g'), 'p1'],
  ['a code without a system, one value', P, coded('gender', 'female', null), 'p3'],
  ['a system, one value', P, coded('gender', undefined, 'g'), 'p1 p2'],
  ['a code of any system, several values', P, coded('identifier', '1234567'), 'p1 p2'],
  ['a code of a system, several values', P, coded('identifier', '1234567', 'gmc'), 'p1'],
  ['a code without a system, several values', P, coded('identifier', '77', null), ''],
  ['a system, several values', P, coded('identifier', undefined, 'esr'), 'p1 p2'],
  ['a code under two systems comes once', R, coded('role', 'S1'), 'r1'],
  ["the identifier of a reference's target", R, coded('organization:identifier', 'RXX', 'ods'), 'r1'],
  ['not, also without the element', P, not(is('true')), 'p2 p3'],
  ['not over several values', P, not(coded('identifier', undefined, 'gmc')), 'p2 p3'],
  ['not over or', P, not(or(is('true'), named('prefix', 'z'))), 'p2'],
  ['not over and', P, not(and(is('true'), coded('gender', 'female'))), 'p2 p3'],
  ['not over not', P, not(not(is('true'))), 'p1'],
  ['a string prefix', P, named('prefix', 'owen'), 'p1 p2'],
  ['a longer string prefix', P, named('prefix', 'owen-'), 'p1'],
  ['an empty prefix, where there is a value', P, named('prefix', '', 'title'), 'p1 p2'],
  ['wildcards of SQL as plain text', P, named('prefix', 'z%_'), 'p3'],
  ['a wildcard that is none', P, named('prefix', 'o_'), ''],
  ['a part of a string', P, named('contains', 'jones'), 'p1'],
  ['an exact string', P, named('exact', 'Owens'), 'p1'],
  ['an exact string in another case', P, named('exact', 'owens'), 'p2'],
  ['a prefix, one value', P, named('prefix', 'drs', 'title'), 'p2'],
  ['a part, one value', P, named('contains', 'r', 'title'), 'p1 p2'],
  ['an exact string, one value', P, named('exact', 'Dr', 'title'), 'p1'],
  ['a uri, one value', P, { is: 'uri', param: 'url', value: 'http://a/b' }, 'p1'],
  ['a uri, several values', P, { is: 'uri', param: 'link', value: 'http://y' }, 'p1 p2'],
  ['a reference', R, refers('organization', 'Organization/o1'), 'r1 r3'],
  ['several targets', R, refers('organization', 'Organization/o1', 'Organization/o2'), 'r1 r2 r3'],
  ['a reference, several values', R, refers('location', 'Location/l2'), 'r1 r3'],
  ['several targets, several values', R, refers('location', 'Location/l1', 'Location/l2'), 'r1 r3'],
  ['no target', R, refers('location'), ''],
  ['missing, one value', R, { is: 'missing', param: 'organization' }, 'r4'],
  ['missing, several values', R, { is: 'missing', param: 'location' }, 'r2 r4'],
  ['missing of a date', R, { is: 'missing', param: 'date' }, 'r4'],
  ['not missing', R, not({ is: 'missing', param: 'role' }), 'r1 r2'],
  ['date eq contains', R, dated('eq', d1, d1 + 10 * day), 'r1'],
  ['date eq of a day inside a period', R, dated('eq', d1 + day, d1 + 2 * day), ''],
  ['date ne, where there is one', R, dated('ne', d1, d1 + 10 * day), 'r2 r3'],
  ['date gt reaches above', R, dated('gt', d1, d1 + 10 * day), 'r2'],
  ['date lt reaches below', R, dated('lt', d1, d1 + day), 'r2 r3'],
  ['date ge overlaps or is above', R, dated('ge', d1, d1 + day), 'r1 r2'],
  ['date le overlaps or is below', R, dated('le', d1 - day, d1), 'r2 r3'],
  ['date sa', R, dated('sa', d1 - day, d1), 'r1'],
  ['date eb', R, dated('eb', d1, d1 + day), 'r3'],
  ['date ap overlaps', R, dated('ap', d1, d1 + day), 'r1 r2'],
  ['in force on the first day', R, and(dated('le', d1, d1 + day), dated('ge', d1, d1 + day)), 'r1 r2'],
  [
    'in force on the last day',
    R,
    and(dated('le', d1 + 9 * day, d1 + 10 * day), dated('ge', d1 + 9 * day, d1 + 10 * day)),
    'r1 r2',
  ],
  [
    'in force after it',
    R,
    and(dated('le', d1 + 10 * day, d1 + 11 * day), dated('ge', d1 + 10 * day, d1 + 11 * day)),
    'r2',
  ],
  ['a date of several', R, dated('eq', d1 + 5 * day, d1 + 6 * day, 'held'), 'r1'],
  ['no single date that is both', R, and(dated('lt', d1, d1 + day, 'held')), ''],
  ['not of a date', R, not(dated('ge', d1, d1 + day)), 'r3 r4'],
  ['and', R, and(refers('organization', 'Organization/o1'), is('true')), 'r1'],
  ['and of two of several values', R, and(refers('location', 'Location/l1'), coded('role', 'S1', 'nwd')), 'r1'],
  ['or of one parameter', R, or(coded('role', 'S1'), coded('role', 'S2')), 'r1 r2'],
  ['or of several parameters', R, or(coded('role', 'S2'), is('false')), 'r2 r3'],
  ['or with an unindexed part', R, or(coded('role', 'S2'), { is: 'missing', param: 'date' }), 'r2 r4'],
  [
    'and in or in and',
    R,
    and(or(and(is('true'), coded('role', 'S2')), is('false')), refers('practitioner', 'Practitioner/p1')),
    'r3',
  ],
  ['a chain', R, chain('practitioner', P, coded('identifier', '77', 'esr')), 'r1 r3'],
  ['a chain that no index serves', R, chain('practitioner', P, named('contains', 'wens')), 'r1 r2 r3'],
  ['a chain over and', R, chain('practitioner', P, and(is('false'), named('prefix', 'owens'))), 'r2'],
  ['a chain over a negation', R, chain('practitioner', P, not(is('true'))), 'r2'],
  ['a chain of two steps', R, chain('organization', O, chain('partof', O, coded('identifier', 'RXX'))), 'r2'],
  ['a chain within a type', O, chain('partof', O, chain('partof', O, coded('identifier', 'RXX'))), 'o3'],
  ['a negated chain', R, not(chain('practitioner', P, is('true'))), 'r2 r4'],
  ['a reverse chain', P, has(R, 'practitioner', coded('role', 'S2')), 'p2'],
  ['a reverse chain that no index serves', P, has(R, 'practitioner', { is: 'missing', param: 'role' }), 'p1'],
  ['a negated reverse chain', P, not(has(R, 'practitioner', is('false'))), 'p2 p3'],
  ['a reverse chain and more', P, and(has(R, 'practitioner', { is: 'all' }), is('false')), 'p2'],
  ['a reverse chain over several values', O, has(R, 'organization', refers('location', 'Location/l2')), 'o1'],
];

const second = Date.parse(at(2));
const updated = (prefix: DatePrefix, low = second, high = second + 1): Predicate => ({
  is: 'lastUpdated',
  prefix,
  low,
  high,
});

const updatedCases: readonly Case[] = [
  ['lastUpdated eq', P, updated('eq'), 'p2'],
  ['lastUpdated ne', P, updated('ne'), 'p1 p3'],
  ['lastUpdated gt', P, updated('gt'), 'p3'],
  ['lastUpdated sa', P, updated('sa'), 'p3'],
  ['lastUpdated ge', P, updated('ge'), 'p2 p3'],
  ['lastUpdated lt', P, updated('lt'), 'p1'],
  ['lastUpdated eb', P, updated('eb'), 'p1'],
  ['lastUpdated le', P, updated('le'), 'p1 p2'],
  ['lastUpdated ap', P, updated('ap'), 'p2'],
  ['lastUpdated before everything', P, updated('lt', 0, 1), ''],
  ['lastUpdated after everything', P, updated('gt', second * 2, second * 2 + 1), ''],
  ['lastUpdated and an index', P, and(updated('ge'), coded('identifier', '77')), ''],
  ['not lastUpdated', P, not(updated('gt')), 'p1 p2'],
];

export function describeSearch(context: StoreContext): void {
  describe('search', () => {
    const found = async (type: string, where: Predicate, by: 'id' | 'sequence' = 'id') => {
      const sort = { by, descending: false } as const;
      const page = await context
        .tenant()
        .resources.search({ contract: 'v1', type, where, sort, count: 50, total: true });
      expect(page.total).to.equal(page.matches.length);
      expect(page.next).to.equal(undefined);
      return page.matches.map((match) => match.id).join(' ');
    };

    const check = (name: string, given: readonly Case[], batches: readonly (readonly ResourceOp[])[]) => {
      it(name, async () => {
        for (const [index, batch] of batches.entries()) await context.tenant().transact(batch, at(index + 1));
        const wrong: string[] = [];
        for (const [title, type, where, ids] of given) {
          const byId = await found(type, where);
          const bySequence = await found(type, where, 'sequence');
          if (byId !== ids || bySequence.split(' ').toSorted().join(' ') !== ids) {
            wrong.push(`${title}: ${byId} / ${bySequence}, not ${ids}`);
          }
        }
        expect(wrong).to.deep.equal([]);
      });
    };

    check(`answers every kind of predicate (${cases.length} cases)`, cases, [[...people, ...organisations], roles]);
    const [p1, p2, p3] = people.map((one) => [one]);
    check(`answers every prefix of _lastUpdated (${updatedCases.length} cases)`, updatedCases, [
      p1 ?? [],
      p2 ?? [],
      p3 ?? [],
    ]);

    it('finds a resource by its newest version alone, and a deleted one never', async () => {
      const index = [token('identifier', 'esr', 'new'), text('family', 'New')];
      await context.tenant().transact([...people], at(1));
      await context.tenant().transact([resource('p1', { version: 2, index }), deletion('p2', 2)], at(2));
      expect(await found(P, coded('identifier', '77'))).to.equal('');
      expect(await found(P, coded('identifier', 'new'))).to.equal('p1');
      expect(await found(P, coded('gender', 'male'))).to.equal('');
      expect(await found(P, { is: 'missing', param: 'active' })).to.equal('p1 p3');
      expect(await found(P, { is: 'id', ids: ['p1', 'p2'] })).to.equal('p1');
      await context.tenant().transact([resource('p2', { version: 3, change: 'create', index })], at(3));
      expect(await found(P, named('prefix', 'new'))).to.equal('p1 p2');
    });

    it('answers a question that was asked a moment ago with what was written since', async () => {
      const where = and(is('true'), coded('identifier', 'same'));
      expect(await found(P, where)).to.equal('');
      const index = [token('active', null, 'true'), token('identifier', 'esr', 'same')];
      const many = Array.from({ length: 40 }, (_, n) => resource(`n${1000 + n}`, { index }));
      await context.tenant().transact(many, at(1));
      expect((await found(P, where)).split(' ')).to.have.length(40);
      await context.tenant().transact([deletion('n1000', 2)], at(2));
      expect((await found(P, where)).split(' ')).to.have.length(39);
    });

    it('finds the entries of a body by the parameters that come with it', async () => {
      const parameter = { targets: [], system: undefined, definition: '' };
      const active = { ...parameter, code: 'active', kind: 'token', path: 'P.active', of: 'boolean', multiple: false };
      const family = {
        ...parameter,
        code: 'family',
        kind: 'string',
        path: 'P.name.family',
        of: 'string',
        multiple: true,
      };
      const ofPractitioner = [active, family].map((one) => [one.code, one as SearchParameter] as const);
      const index = new Map([[P, new Map(ofPractitioner)]]);
      const body = JSON.stringify({ resourceType: P, id: 'p1', active: true, name: [{ family: 'Owens' }] });
      const later = JSON.stringify({ resourceType: P, id: 'p1', active: false, name: [{ family: 'Olsen' }] });
      const entries = [token('active', null, 'true'), text('family', 'Owens')];
      await context.tenant().transact([resource('p1', { index, body }), resource('p2', { index: entries })], at(1));
      expect(await found(P, and(is('true'), named('prefix', 'owens')))).to.equal('p1 p2');
      await context.tenant().transact([resource('p1', { version: 2, index, body: later })], at(2));
      await context.tenant().transact([resource('p3', { index, body: later })], at(3));
      expect(await found(P, and(is('true'), named('prefix', 'owens')))).to.equal('p2');
      expect(await found(P, and(is('false'), named('prefix', 'olsen')))).to.equal('p1 p3');
      await context.tenant().transact([deletion('p3', 2)], at(4));
      expect(await found(P, named('prefix', 'olsen'))).to.equal('p1');
    });

    it('searches one contract of one tenant', async () => {
      expect(await found(P, { is: 'all' })).to.equal('');
      await context.tenant().transact([resource('p1', { contract: 'v2' })], at(1));
      await context.tenant('two').transact([resource('p9', { tenant: 'two' })], at(1));
      expect(await found(P, { is: 'all' })).to.equal('');
    });

    it('finds nothing in a type of which nothing was written', async () => {
      await context.tenant().transact([...people], at(1));
      expect(await found(R, chain('practitioner', P, is('true')))).to.equal('');
      expect(await found(P, has(R, 'practitioner', is('true')))).to.equal('');
    });
  });
}
