import { expect } from 'chai';
import fc from 'fast-check';
import { addDays } from '../../../server/core/clock.ts';
import { classify } from '../../../server/topics/classify.ts';
import type { EventContext, ResourceChange, UnitChange } from '../../../server/topics/unit-change.ts';

type Roles = Readonly<Record<string, readonly [start: string, end?: string]>>;

const unit = { kind: 'person', id: '1001' } as const;
const context = (today: string, silent = false): EventContext => ({
  ...{ tenant: 'rxx', contract: 'v1', today, receivedDate: today, cause: 'file' as const },
  ...{ file: 'f1', correlationId: `run ${today}`, silent },
});

/** A person whose roles one after another are those of `states`, as publication would put it to `classify`. */
class Told {
  readonly topics: string[] = [];
  readonly ids: string[] = [];
  announcement: string | null = null;
  #roles: Roles = {};
  #version = 0;

  see(roles: Roles, today: string, silent = false): readonly string[] {
    this.#version += 1;
    const ids = [...new Set([...Object.keys(this.#roles), ...Object.keys(roles)])].sort();
    const resources = ids.map((id) => this.#change(id, this.#roles[id], roles[id]));
    this.#roles = roles;
    const change: UnitChange = { unit, resources, announcement: this.announcement };
    const { events, announcement } = classify(change, context(today, silent));
    this.announcement = announcement;
    const topics = events.map(({ topic, subject }) => `${topic} ${subject.split('/')[1]}`);
    this.topics.push(...topics);
    this.ids.push(...events.map(({ id }) => id));
    return topics;
  }

  #change(id: string, was: Roles[string] | undefined, is: Roles[string] | undefined): ResourceChange {
    const before = was === undefined ? null : role(id, was);
    const after = is === undefined ? null : role(id, is);
    const same = JSON.stringify(was) === JSON.stringify(is);
    const change = same ? null : before === null ? 'create' : after === null ? 'delete' : 'update';
    const record = { type: 'assignment', id } as const;
    return { type: 'PractitionerRole', id, version: this.#version, change, before, after, record };
  }
}

function role(id: string, [start, end]: Roles[string]) {
  const period = end !== undefined && end < start ? {} : { period: { start, ...(end === undefined ? {} : { end }) } };
  return { resourceType: 'PractitionerRole', id, ...period };
}

describe('The events of a person', () => {
  const today = '2026-04-02';

  it('tell a starter and their leaving at once where both are first known', () => {
    expect(new Told().see({ a: ['2026-01-01', '2026-03-31'] }, today)).to.deep.equal([
      ...['starter-created a', 'starter-effective a', 'leaver-confirmed a', 'leaver-effective a'],
    ]);
  });

  it('take a change from one role to the next in one file for a change, not for a starter', () => {
    const told = new Told();
    told.see({ a: ['2015-01-01'] }, today, true);
    const next = told.see({ a: ['2015-01-01', '2026-04-01'], b: ['2026-04-02'] }, today);
    expect(next).to.deep.equal(['assignment-changed a', 'assignment-changed b']);
  });

  it('amend the leaving date where another role ends later', () => {
    const told = new Told();
    told.see({ a: ['2015-01-01'] }, today);
    told.see({ a: ['2015-01-01', '2026-04-30'] }, today);
    const later = told.see({ a: ['2015-01-01', '2026-04-30'], b: ['2026-04-20', '2026-05-31'] }, today);
    expect(later).to.deep.equal(['leaver-amended b']);
  });

  it('keep both leaving dates of somebody who comes back for a time', () => {
    const told = new Told();
    told.see({ a: ['2015-01-01'] }, today, true);
    told.see({ a: ['2015-01-01', '2026-04-30'] }, today);
    const both = { a: ['2015-01-01', '2026-04-30'], b: ['2026-06-01', '2026-06-30'] } as const;
    expect(told.see(both, today)).to.deep.equal(['starter-created b', 'leaver-confirmed b']);
    expect(told.see(both, '2026-05-01')).to.deep.equal(['leaver-effective a']);
    expect(told.see(both, '2026-06-01')).to.deep.equal(['starter-effective b']);
    expect(told.see({ ...both, a: ['2015-01-01', '2026-04-15'] }, '2026-06-02')).to.deep.equal(['leaver-amended a']);
    expect(told.see({ a: ['2015-01-01', '2026-04-15'] }, '2026-06-03')).to.deep.equal(['starter-withdrawn b']);
    expect(told.see({}, '2026-06-04')).to.deep.equal(['assignment-changed a']);
  });

  it('remember nothing of those who began before the baseline, and of those who have yet to begin', () => {
    const told = new Told();
    told.see({ a: ['2015-01-01'] }, today, true);
    expect(told.announcement).to.equal(null);
    expect(told.see({ a: ['2014-01-01'] }, today)).to.deep.equal(['assignment-changed a']);
    const later = new Told();
    expect(later.see({ a: ['2026-05-01'] }, today, true)).to.deep.equal([]);
    expect(later.see({ a: ['2026-05-01'] }, '2026-05-01')).to.deep.equal(['starter-effective a']);
  });

  it('have the same ids for the same change', () => {
    const [one, other] = [new Told(), new Told()];
    one.see({ a: ['2026-04-01'] }, today);
    other.see({ a: ['2026-04-01'] }, today);
    expect(one.ids).to.deep.equal(other.ids).and.have.length(2);
  });

  it('never contradict each other, whatever happens', () => {
    const day = fc.integer({ min: -60, max: 60 }).map((days) => addDays(today, days));
    const span = fc.tuple(day, fc.option(day)).map(([a, b]): Roles[string] => (b === null ? [a] : [a, b]));
    const roles = fc.dictionary(fc.constantFrom('a', 'b', 'c'), span, { maxKeys: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(roles, fc.nat(9)), { minLength: 1, maxLength: 8 }), (states) => {
        const told = new Told();
        let now = today;
        for (const [state, days] of states) {
          now = addDays(now, days);
          const events = told.see(state, now);
          expect(told.see(state, now), 'the same again').to.deep.equal([]);
          checkBatch(events);
        }
        expect(new Set(told.ids).size, 'ids').to.equal(told.ids.length);
        checkCourse(told.topics, 'starter', ['starter-created']);
        checkCourse(told.topics, 'leaver', ['leaver-confirmed']);
      }),
      { numRuns: process.env['VERIFY'] === undefined ? 400 : 20_000 },
    );
  });
});

/** One event at most covers a role as an assignment; a topic is raised once for a role and batch. */
function checkBatch(events: readonly string[]): void {
  expect(new Set(events).size, events.join()).to.equal(events.length);
  const changed = events.filter((event) => event.startsWith('assignment-changed')).map((event) => event.split(' ')[1]);
  const others = events.filter((event) => !event.startsWith('assignment-changed')).map((event) => event.split(' ')[1]);
  expect(changed.filter((one) => others.includes(one))).to.deep.equal([]);
}

/** As many are withdrawn as were announced, at most; nobody is effective, amended or withdrawn before that. */
function checkCourse(topics: readonly string[], what: string, first: readonly string[]): void {
  let standing = 0;
  for (const topic of topics.map((one) => one.split(' ')[0] ?? '').filter((one) => one.startsWith(what))) {
    if (first.includes(topic)) standing += 1;
    else expect(standing, `${topic} in ${topics.join()}`).to.be.greaterThan(0);
    if (topic.endsWith('-withdrawn')) standing -= 1;
  }
}
