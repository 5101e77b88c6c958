import { expect } from 'chai';
import fc from 'fast-check';
import { allows, covers, parseScopes, type Scope } from '../../../server/auth/scope.ts';
import { present } from '../../../server/core/assert.ts';

const permissionLetters = ['c', 'r', 'u', 'd', 's'] as const;
const parseScope = (text: string): Scope | undefined => parseScopes(text)?.[0];
const scope = (text: string): Scope => present(parseScope(text), text);
const scopes = (text: string): readonly Scope[] => present(parseScopes(text), text);

describe('SMART scopes', () => {
  it('are read in version 2, letters in order', () => {
    expect(scope('system/Practitioner.rs')).to.deep.equal({
      text: 'system/Practitioner.rs',
      level: 'system',
      type: 'Practitioner',
      permissions: ['r', 's'],
    });
    expect(scope('system/*.cruds').permissions).to.deep.equal(['c', 'r', 'u', 'd', 's']);
    expect(scope('user/Location.d').permissions).to.deep.equal(['d']);
    expect(scope('patient/Basic.s').level).to.equal('patient');
  });

  it('are read in version 1 as the letters that SMART 2 gives them', () => {
    expect(scope('system/Practitioner.read').permissions).to.deep.equal(['r', 's']);
    expect(scope('system/Practitioner.write').permissions).to.deep.equal(['c', 'u', 'd']);
    expect(scope('system/*.*').permissions).to.deep.equal(['c', 'r', 'u', 'd', 's']);
  });

  for (const text of [
    'system/Practitioner.sr',
    'system/Practitioner.rr',
    'system/Practitioner.',
    'system/Practitioner',
    'system/practitioner.rs',
    'system/Staff.rs',
    'system/Resource.rs',
    'system/Practitioner.rs?identifier:missing=true',
    'system/Practitioner.readwrite',
    'System/Practitioner.rs',
    'group/Practitioner.rs',
    ' system/Practitioner.rs',
    'system/Practitioner.rs\n',
    'openid',
    '',
  ]) {
    it(`are refused when they read ${JSON.stringify(text)}`, () => {
      expect(parseScope(text)).to.equal(undefined);
    });
  }

  it('come as a list without repetitions, and one unknown makes the list unknown', () => {
    expect(scopes('system/Practitioner.r system/Location.s system/Practitioner.r')).to.have.length(2);
    expect(parseScopes('system/Practitioner.r openid')).to.equal(undefined);
    expect(parseScopes('system/Practitioner.r  system/Location.s')).to.equal(undefined);
    expect(parseScopes('')).to.equal(undefined);
  });
});

describe('a ceiling of scopes', () => {
  it('covers every scope that asks for part of it', () => {
    const ceiling = scopes('system/*.rs system/Basic.c');
    expect(covers(ceiling, scope('system/Practitioner.r'))).to.equal(true);
    expect(covers(ceiling, scope('system/Practitioner.read'))).to.equal(true);
    expect(covers(ceiling, scope('system/*.s'))).to.equal(true);
    expect(covers(ceiling, scope('system/Basic.crs'))).to.equal(true);
  });

  it('covers nothing beyond itself', () => {
    const ceiling = scopes('system/Practitioner.rs system/Location.rs');
    expect(covers(ceiling, scope('system/Practitioner.crs'))).to.equal(false);
    expect(covers(ceiling, scope('system/Organization.r'))).to.equal(false);
    expect(covers(ceiling, scope('system/*.r'))).to.equal(false);
    expect(covers([], scope('system/Location.r'))).to.equal(false);
  });

  it('covers nothing of another level, and nothing of a patient', () => {
    expect(covers(scopes('user/*.rs'), scope('user/Practitioner.r'))).to.equal(true);
    expect(covers(scopes('system/*.rs'), scope('user/Practitioner.r'))).to.equal(false);
    expect(covers(scopes('user/*.rs'), scope('system/Practitioner.r'))).to.equal(false);
    expect(covers(scopes('patient/*.rs'), scope('patient/Practitioner.r'))).to.equal(false);
    expect(covers(scopes('patient/*.rs'), scope('system/Practitioner.r'))).to.equal(false);
  });

  for (const type of ['AuditEvent', 'Provenance']) {
    it(`covers ${type} by name, never by a wildcard`, () => {
      expect(covers(scopes('system/*.cruds'), scope(`system/${type}.r`))).to.equal(false);
      expect(covers(scopes(`system/${type}.rs`), scope(`system/${type}.r`))).to.equal(true);
      expect(allows({ scopes: scopes('system/*.*') }, type, 'r')).to.equal(false);
      expect(allows({ scopes: scopes(`system/*.rs system/${type}.read`) }, type, 's')).to.equal(true);
    });
  }

  it('gives away nothing that it does not allow itself', () => {
    const type = fc.constantFrom('*', 'Practitioner', 'Location', 'AuditEvent');
    const letters = fc.subarray([...permissionLetters], { minLength: 1 }).map((chosen) => chosen.join(''));
    const anyScope = fc
      .tuple(fc.constantFrom('system', 'user'), type, letters)
      .map(([level, name, rights]) => scope(`${level}/${name}.${rights}`));
    fc.assert(
      fc.property(fc.array(anyScope, { maxLength: 4 }), anyScope, (ceiling, asked) => {
        if (!covers(ceiling, asked)) return;
        for (const name of ['Practitioner', 'Location', 'AuditEvent', 'Basic']) {
          for (const letter of permissionLetters) {
            if (allows({ scopes: [asked] }, name, letter)) {
              expect(allows({ scopes: ceiling }, name, letter), `${name}.${letter}`).to.equal(true);
            }
          }
        }
      }),
    );
  });
});
