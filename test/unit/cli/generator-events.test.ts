import { expect } from 'chai';
import { personEvents } from '../../../server/cli/generator/events.ts';
import type { PublishedPerson, PublishedRole } from '../../../server/cli/generator/published.ts';

const today = 100;

function role(id: string, start: number, end: number | null, text = ''): PublishedRole {
  return { id, start, end, active: start <= today, holds: null, text: `${id} ${start} ${end} ${text}` };
}

function person(...roles: readonly PublishedRole[]): PublishedPerson {
  return { practitioner: { own: 'x', registrations: '', active: true }, roles };
}

const nobody: PublishedPerson = { practitioner: null, roles: [] };

describe('generator events of a person (meaning.md, Events)', () => {
  const cases: readonly (readonly [string, PublishedPerson, PublishedPerson, string | null, readonly string[]])[] = [
    ['a first role in the future is a starter', nobody, person(role('1', 120, null)), null, ['starter-created']],
    [
      'a first role that has begun is effective at once',
      nobody,
      person(role('1', 100, null)),
      null,
      ['starter-created', 'starter-effective'],
    ],
    [
      'of two first roles the earlier is the starter, the other a changed assignment',
      nobody,
      person(role('1', 90, null), role('2', 91, null)),
      null,
      ['starter-created', 'starter-effective', 'assignment-changed'],
    ],
    [
      'a start that moves amends the announced starter',
      person(role('1', 120, null)),
      person(role('1', 130, null)),
      '1',
      ['starter-amended'],
    ],
    ['a deleted starter is withdrawn', person(role('1', 120, null)), nobody, '1', ['starter-withdrawn']],
    [
      'a date for the last role confirms a leaver',
      person(role('1', 1, null)),
      person(role('1', 1, 100)),
      null,
      ['leaver-confirmed'],
    ],
    [
      'a late leaver is effective at once, and the other role a changed assignment',
      person(role('1', 1, null), role('2', 5, null)),
      person(role('1', 1, 99), role('2', 5, 98)),
      null,
      ['leaver-confirmed', 'leaver-effective', 'assignment-changed'],
    ],
    ['another date amends the leaver', person(role('1', 1, 120)), person(role('1', 1, 130)), null, ['leaver-amended']],
    ['no date withdraws the leaver', person(role('1', 1, 120)), person(role('1', 1, null)), null, ['leaver-withdrawn']],
    [
      'one of two roles that ends is a changed assignment',
      person(role('1', 1, null), role('2', 1, null)),
      person(role('1', 1, null), role('2', 1, 99)),
      null,
      ['assignment-changed'],
    ],
    [
      'a role that begins after the leaving date is a starter',
      person(role('1', 1, 50)),
      person(role('1', 1, 50), role('2', 110, null)),
      null,
      ['starter-created'],
    ],
    [
      'an endless role that began before the leaving date withdraws the leaver',
      person(role('1', 1, 120)),
      person(role('1', 1, 120), role('2', 90, null)),
      null,
      ['leaver-withdrawn', 'assignment-changed'],
    ],
    ['the same again raises nothing', person(role('1', 1, null)), person(role('1', 1, null)), null, []],
  ];
  for (const [title, before, after, announced, topics] of cases) {
    it(title, () => {
      expect(personEvents(before, after, announced, today).topics).to.deep.equal(topics);
    });
  }

  it('tells the own elements of a person from their registrations and from active', () => {
    const is = (own: string, registrations: string, active: boolean) => {
      const practitioner = { own, registrations, active };
      return personEvents(person(), { practitioner, roles: [] }, null, today).topics;
    };
    expect(is('y', '', true)).to.deep.equal(['person-changed']);
    expect(is('x', 'z', true)).to.deep.equal(['registration-changed']);
    expect(is('x', '', false)).to.deep.equal([]);
  });
});
