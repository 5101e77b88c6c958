import { expect } from 'chai';
import { AppError } from '../../../server/core/error.ts';
import { compileMapping } from '../../../server/mapping/mapping.ts';
import { mapping, mappingFiles } from '../../support/esr-records.ts';

const files = mappingFiles();

/** The message of the error with which a changed Location document is refused. */
function refusal(template: object, resource = 'Location'): string {
  const text = JSON.stringify({ description: 'x', resource, template: { id: { $from: 'location.id' }, ...template } });
  const resources = files.resources.map((file) => (file.path.endsWith('/location.json') ? { ...file, text } : file));
  return refusalOf(resources);
}

function refusalOf(resources: typeof files.resources, codes = files.codes): string {
  try {
    compileMapping({ ...files, resources, codes });
  } catch (error) {
    expect(error).to.be.instanceOf(AppError).with.property('code', 'invalid');
    return (error as AppError).message;
  }
  return '';
}

describe('Compiling a mapping', () => {
  it('takes our own documents', () => {
    expect(mapping.contract).to.equal('v1');
    expect(refusal({})).to.equal('');
  });

  it('names a version that changes with any document', () => {
    expect(mapping.version).to.match(/^v1-[0-9a-f]{12}$/);
    const codes = files.codes.map((file, at) => (at === 0 ? { ...file, text: `${file.text}\n` } : file));
    expect(compileMapping({ ...files, codes }).version).to.not.equal(mapping.version);
  });

  for (const [what, template, reason] of [
    [
      'an unknown field',
      { name: { $from: 'location.shoeSize' } },
      '/template/name: location has no field or fact named shoeSize',
    ],
    ['an unknown input', { name: { $from: 'weather.today' } }, '/template/name: no input is named weather'],
    ['a path that is none', { name: { $from: 'location' } }, '/template/name/$from: must match pattern'],
    [
      'an unknown transform',
      { name: { $from: 'location.code', $apply: ['shout'] } },
      '/template/name/$apply/0: must be equal to one of the allowed values',
    ],
    [
      'an unknown list',
      { name: { $from: 'location.code', $apply: [{ code: 'colours' }] } },
      '/template/name/$apply/0: no code list is named colours',
    ],
    [
      'a list of groups without a group',
      { name: { $from: 'location.code', $apply: [{ coding: 'job-role' }] } },
      'job-role is resolved with "within" if and only if it has groups',
    ],
    [
      'an unknown group field',
      { name: { $from: 'location.code', $apply: [{ coding: 'job-role', within: 'hat' }] } },
      'location has no field or fact named hat',
    ],
    [
      'a broken pattern',
      { name: { $from: 'location.code', $apply: [{ pattern: '(' }] } },
      '/template/name/$apply/0: is no regular expression',
    ],
    [
      'a broken condition',
      { address: { $where: 'a..b', use: 'work' } },
      '/template/address/$where: is no FHIRPath expression',
    ],
    [
      'an unknown marker',
      { name: { $form: 'location.code' } },
      '/template/name: must NOT have additional properties ($form)',
    ],
    [
      'a member beside $from',
      { name: { $from: 'location.code', use: 'work' } },
      '/template/name: must NOT have additional properties (use)',
    ],
    [
      'a list that is none',
      { alias: [{ $each: 'location', $as: 'x', $value: 'y' }] },
      '/template/alias/0: no list input is named location',
    ],
    ['a null', { name: null }, '/template/name: must be string,number,boolean,array,object'],
  ] as const) {
    it(`refuses ${what}, naming file, path and reason`, () => {
      const message = refusal(template);
      expect(message).to.contain('mapping: esr/v1/location.json /');
      expect(message).to.contain(reason);
    });
  }

  it('refuses text that is no JSON, and two documents for one resource', () => {
    const broken = files.resources.map((file) => (file.path.endsWith('/basic.json') ? { ...file, text: '{' } : file));
    expect(refusalOf(broken)).to.contain('esr/v1/basic.json /: is no JSON');
    const twice = [...files.resources, { path: 'esr/v1/zz.json', text: files.resources[0]?.text ?? '' }];
    expect(refusalOf(twice)).to.contain('esr/v1/zz.json /resource: Basic has another document already');
  });

  it('refuses a contract that lacks a resource', () => {
    const fewer = files.resources.filter((file) => !file.path.endsWith('/basic.json'));
    expect(refusalOf(fewer)).to.contain('esr/v1 /: lacks Basic');
  });

  it('refuses a code list that breaks its schema', () => {
    const codes = files.codes.map((file) =>
      file.path.endsWith('gender.json') ? { ...file, text: '{"list":1}' } : file,
    );
    expect(refusalOf(files.resources, codes)).to.contain('codes/gender.json /list: must be string');
  });
});
