import { expect } from 'chai';
import { type BindContext, bindSearch } from '../../../server/search/bind.ts';
import { searchParameters } from '../../../server/search/parameters.ts';
import { parseSearch } from '../../../server/search/parse.ts';

const gmc = 'https://fhir.hl7.org.uk/Id/gmc-number';
const base = 'https://api.example/t/rxx/fhir/v1';
const context: BindContext = {
  parameters: searchParameters('https://esr-fhir.example'),
  contract: 'v1',
  type: 'PractitionerRole',
  base,
  lenient: false,
  now: Date.parse('2026-11-23T12:00:00Z'),
};

function bind(type: string, raw: string, lenient = false) {
  const parsed = parseSearch(raw);
  return parsed.ok ? bindSearch(parsed.value, { ...context, type, lenient }) : parsed;
}

function bound(type: string, raw: string, lenient = false) {
  const result = bind(type, raw, lenient);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join());
  return result.value;
}

const where = (type: string, raw: string) => bound(type, raw).query.where;

function refusal(type: string, raw: string) {
  const result = bind(type, raw);
  return result.ok ? 'bound' : result.problems.map(({ is }) => is).join();
}

describe('search/bind', () => {
  it('reads the four forms of a token', () => {
    const param = 'identifier';
    expect(where('Practitioner', 'identifier=a')).to.deep.equal({ is: 'token', param, code: 'a' });
    expect(where('Practitioner', 'identifier=s|a')).to.deep.equal({ is: 'token', param, system: 's', code: 'a' });
    expect(where('Practitioner', 'identifier=|a')).to.deep.equal({ is: 'token', param, system: null, code: 'a' });
    expect(where('Practitioner', 'identifier=s|')).to.deep.equal({ is: 'token', param, system: 's' });
    expect(where('Practitioner', 'identifier=s|a\\|b\\,c\\$d\\\\e')).to.deep.include({ code: 'a|b,c$d\\e' });
    expect(refusal('Practitioner', 'identifier=a|b|c')).to.equal('invalid');
    expect(refusal('Practitioner', 'identifier=|')).to.equal('invalid');
  });

  it('finds GMC numbers with and without C, and bare ones', () => {
    const token = { is: 'token', param: 'identifier' };
    expect(where('Practitioner', `identifier=${gmc}|C1234567`)).to.deep.equal({
      ...token,
      system: gmc,
      code: '1234567',
    });
    expect(where('Practitioner', `identifier=${gmc}|1234567`)).to.deep.equal({
      ...token,
      system: gmc,
      code: '1234567',
    });
    const bare = where('Practitioner', 'identifier=C1234567');
    expect(bare).to.deep.include({ is: 'or' });
    expect(bare).to.have.deep.nested.property('of[0]', { ...token, code: 'C1234567' });
    expect(bare).to.have.deep.nested.property('of[1]', { ...token, system: gmc, code: '1234567' });
    expect(where('Practitioner', 'identifier=urn:other|C1234567')).to.deep.include({ code: 'C1234567' });
  });

  it('knows the system that a code and a boolean have by themselves', () => {
    const male = { is: 'token', param: 'gender', code: 'male' };
    expect(where('Practitioner', 'gender=http://hl7.org/fhir/administrative-gender|male')).to.deep.equal(male);
    expect(where('Practitioner', 'gender=urn:other|male')).to.deep.equal({ is: 'none' });
    expect(refusal('Practitioner', 'active=yes')).to.equal('invalid');
  });

  it('reads the three forms of a reference and knows nobody elsewhere', () => {
    const param = 'organization';
    const one = { is: 'reference', param, targets: ['Organization/o1'] };
    expect(where('PractitionerRole', 'organization=o1')).to.deep.equal(one);
    expect(where('PractitionerRole', 'organization=Organization/o1')).to.deep.equal(one);
    expect(where('PractitionerRole', `organization=${base}/Organization/o1`)).to.deep.equal(one);
    expect(where('PractitionerRole', 'organization:Organization=o1')).to.deep.equal(one);
    expect(where('PractitionerRole', 'organization=o1,o2')).to.deep.equal({
      ...one,
      targets: ['Organization/o1', 'Organization/o2'],
    });
    for (const value of ['https://api.example/t/ryy/fhir/v1/Organization/o1', 'Location/o1', 'urn:uuid:1']) {
      expect(where('PractitionerRole', `organization=${value}`)).to.deep.equal({ is: 'none' });
    }
    expect(refusal('PractitionerRole', 'organization=a/b/c')).to.equal('invalid');
    expect(refusal('PractitionerRole', 'organization:Patient=1')).to.equal('unsupported');
    expect(where('PractitionerRole', 'organization:identifier=urn:ods|RXX')).to.deep.equal({
      is: 'token',
      param: 'organization:identifier',
      system: 'urn:ods',
      code: 'RXX',
    });
  });

  it('folds strings, except for :exact', () => {
    const string = { is: 'string', param: 'name' };
    expect(where('Practitioner', 'name=SI%C3%82N')).to.deep.equal({ ...string, match: 'prefix', value: 'sian' });
    expect(where('Practitioner', 'name:contains=%C3%82n')).to.deep.equal({ ...string, match: 'contains', value: 'an' });
    expect(where('Practitioner', 'name:exact=Si%C3%A2n')).to.deep.equal({ ...string, match: 'exact', value: 'Siân' });
    expect(refusal('Practitioner', 'name:text=x')).to.equal('unsupported');
  });

  it('reads dates with their prefixes and their own precision', () => {
    expect(where('PractitionerRole', 'date=le2026-04')).to.deep.equal({
      is: 'date',
      param: 'date',
      prefix: 'le',
      low: Date.parse('2026-03-31T23:00:00Z'),
      high: Date.parse('2026-04-30T23:00:00Z'),
    });
    expect(where('PractitionerRole', '_lastUpdated=gt2026-04-01T10:00:00+01:00')).to.deep.include({
      is: 'lastUpdated',
      prefix: 'gt',
      low: Date.parse('2026-04-01T09:00:00Z'),
    });
    const around = where('PractitionerRole', 'date=ap2026-11-13');
    expect(around).to.deep.include({ prefix: 'ap', low: Date.parse('2026-11-13T00:00:00Z') - 90_720_000 });
    expect(refusal('PractitionerRole', 'date=zz2026')).to.equal('invalid');
    expect(refusal('PractitionerRole', 'date:exact=2026')).to.equal('unsupported');
  });

  it('means AND by repetition and OR by commas, and reads :missing and :not', () => {
    expect(where('PractitionerRole', 'date=le2026-04-01&date=ge2026-04-01')).to.have.nested.property('of.length', 2);
    expect(where('Practitioner', 'gender=male,female')).to.deep.include({ is: 'or' });
    expect(where('Practitioner', 'gender:missing=true')).to.deep.equal({ is: 'missing', param: 'gender' });
    expect(where('Practitioner', 'gender:missing=false')).to.deep.equal({
      is: 'not',
      of: { is: 'missing', param: 'gender' },
    });
    expect(where('Practitioner', 'gender:not=male,other')).to.deep.include({ is: 'not' });
    expect(where('Practitioner', '_id=a,b')).to.deep.equal({ is: 'id', ids: ['a', 'b'] });
    expect(where('Practitioner', '')).to.deep.equal({ is: 'all' });
    expect(refusal('Practitioner', 'gender:missing=maybe')).to.equal('invalid');
  });

  it('binds chains and reverse chains and says which types they reach', () => {
    const chained = bound('PractitionerRole', 'organization.identifier=urn:ods|RXX&practitioner:Practitioner.family=x');
    expect(chained.reaches).to.deep.equal(['Organization', 'Practitioner']);
    expect(where('PractitionerRole', 'department.partof=o1')).to.deep.equal({
      is: 'chain',
      param: 'department',
      type: 'Organization',
      where: { is: 'reference', param: 'partof', targets: ['Organization/o1'] },
    });
    const reverse = bound('Practitioner', '_has:PractitionerRole:practitioner:active=true');
    expect(reverse.reaches).to.deep.equal(['PractitionerRole']);
    expect(reverse.query.where).to.deep.include({ is: 'has', type: 'PractitionerRole', param: 'practitioner' });
    for (const raw of [
      'service.name=x',
      'active.name=x',
      'organization.nothing=x',
      'organization:Location.name=x',
      'department.partof.partof.partof.name=x',
      '_has:Location:organization:name=x',
    ]) {
      expect(refusal('PractitionerRole', raw), raw).to.not.equal('bound');
    }
  });

  it('reads the result parameters', () => {
    expect(bound('Practitioner', '').query).to.deep.include({ count: 20, total: false });
    expect(bound('Practitioner', '_count=0').query).to.deep.include({ count: 0, total: true });
    expect(bound('Practitioner', '_summary=count&_count=7').query).to.deep.include({ count: 0, total: true });
    expect(bound('Practitioner', '_total=accurate&_summary=false').query).to.deep.include({ count: 20, total: true });
    expect(bound('Practitioner', '_sort=-_id').query.sort).to.deep.equal({ by: 'id', descending: true });
    expect(bound('Practitioner', '_sort=-_lastUpdated').query.sort).to.deep.equal({ by: 'sequence', descending: true });
    expect(bound('PractitionerRole', '_include=PractitionerRole:practitioner:Practitioner').includes).to.deep.equal([
      { source: 'PractitionerRole', param: 'practitioner', target: 'Practitioner', iterate: false },
    ]);
    expect(
      bound('Organization', '_revinclude=Location:organization&_revinclude=Organization:partof').revincludes,
    ).to.have.length(2);
  });

  for (const raw of [
    '_sort=name',
    '_sort=__proto__',
    '_sort=',
    '_sort=role,-role',
    '_sort=_id,role',
    '_sort=_lastUpdated,role',
    '_sort=practitioner.family',
    '_sort=role,date,active,location,email,phone',
    '_sort:exact=role',
    '_sort=role&_sort=date',
    '_summary=some',
    '_summary=text&_include=PractitionerRole:practitioner',
    '_summary=true&_elements=active',
    '_elements=name',
    '_elements=__proto__',
    '_elements=active&_elements=code',
    '_include:recurse=PractitionerRole:practitioner',
    '_include=PractitionerRole:*:Location:x',
    '_include=PractitionerRole:*:Practitioner:',
    '_include=PractitionerRole:practitioner:Location',
    '_include:iterate=Patient:organization',
    '_revinclude:iterate=Organization:partof:Location',
    '_revinclude=Organization:*',
    'role:of-type=a|b|c',
    'active:text=x',
    'identifier:of-type=a|b',
    'identifier:of-type=|b|c',
    'identifier:of-type=a|b|c|d',
    '_total=some',
    '_count=x',
    '_count=1&_count=2',
    '_include=*',
    '_include=PractitionerRole',
    '_include=Practitioner:active',
    '_include=Organization:partof',
    '_revinclude=PractitionerRole:location',
    'constructor=x',
    'toString=x',
  ]) {
    it(`refuses ${raw}`, () => expect(refusal('PractitionerRole', raw)).to.be.oneOf(['invalid', 'unsupported']));
  }

  it('binds the words beside a code and typed identifiers', () => {
    expect(where('PractitionerRole', 'role:text=Ward Sîster')).to.deep.equal({
      is: 'string',
      param: 'role:text',
      match: 'prefix',
      value: 'ward sister',
    });
    expect(where('Practitioner', 'identifier:of-type=urn:t|EMP|a\\|1')).to.deep.equal({
      is: 'token',
      param: 'identifier:of-type',
      system: 'urn:t',
      code: 'EMP|a|1',
    });
    expect(where('Practitioner', 'identifier:of-type=urn:t|EMP|C1234567')).to.deep.include({ is: 'or' });
  });

  it('sorts by every field of a parameter, ties by _lastUpdated in the direction of the last key', () => {
    expect(bound('PractitionerRole', '_sort=organization,-date').query.sort).to.deep.equal({
      by: 'sequence',
      descending: true,
      keys: [
        { param: 'organization', field: 'target', descending: false },
        { param: 'date', field: 'low', descending: true },
        { param: 'date', field: 'high', descending: true },
      ],
    });
    expect(bound('Practitioner', '_sort=-family,_id').query.sort).to.deep.equal({
      by: 'id',
      descending: false,
      keys: [{ param: 'family', field: 'folded', descending: true }],
    });
    expect(bound('Practitioner', '_sort=gender,-_lastUpdated').query.sort).to.deep.include({
      by: 'sequence',
      descending: true,
    });
  });

  it('takes * for every reference of a type, and :iterate for types that the search is not about', () => {
    const { includes } = bound('Location', '_include=Location:*');
    expect(includes.map(({ param }) => param)).to.deep.equal(['endpoint', 'organization', 'partof']);
    const iterated = bound('PractitionerRole', '_include:iterate=Organization:partof&_revinclude:iterate=Location:*');
    expect(iterated.includes).to.deep.equal([
      { source: 'Organization', param: 'partof', target: undefined, iterate: true },
    ]);
    expect(iterated.revincludes.map(({ param }) => param)).to.deep.equal(['endpoint', 'organization', 'partof']);
    expect(bound('Organization', '_revinclude=Location:*').revincludes).to.have.length(1);
  });

  it('shows parts of matches by _elements, of includes as well by _summary', () => {
    const elements = bound('PractitionerRole', '_elements=active,code&_include=PractitionerRole:practitioner');
    expect(elements.matchView).to.deep.equal({ is: 'elements', names: new Set(['active', 'code']) });
    expect(elements.includeView).to.equal(undefined);
    const summary = bound('PractitionerRole', '_summary=true');
    expect([summary.matchView, summary.includeView]).to.deep.equal([{ is: 'summary' }, { is: 'summary' }]);
    expect(bound('PractitionerRole', '_summary=false').matchView).to.equal(undefined);
  });

  it('shows what was used in the self link, a lowered _count included', () => {
    const { self } = bound('PractitionerRole', `organization:identifier=urn:ods%7CRXX&date=le2026-04-01&_count=9999`);
    expect(self).to.equal('organization:identifier=urn:ods%7CRXX&date=le2026-04-01&_count=500');
    expect(bound('PractitionerRole', self).self).to.equal(self);
  });

  it('names every problem when strict; drops the unsupported ones when lenient, never the invalid ones', () => {
    const strict = bind('Practitioner', 'shoe=1&active=true&family:sounds=x');
    expect(strict.ok ? [] : strict.problems.map(({ expression }) => expression)).to.deep.equal([
      'shoe',
      'family:sounds',
    ]);
    expect(bound('Practitioner', 'shoe=1&active=true&family:sounds=x', true).self).to.equal('active=true');
    expect(bind('Practitioner', 'shoe=1&active=maybe', true).ok).to.equal(false);
  });
});
