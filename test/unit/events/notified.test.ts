import { expect } from 'chai';
import { notified, type Telling } from '../../../server/events/notified.ts';

const to = { tenant: 'rxx', client: 'c1', id: 's1', address: null };
const now = new Date('2026-11-23T12:00:00.000Z');
const telling = (number: number, correlationId: string, ...disclosed: readonly string[]): Telling => {
  return { from: number, to: number, correlationId, disclosed };
};

describe('What the audit keeps of notifications', () => {
  it('is one entry for those that follow each other and come of one file, with all that they disclose', () => {
    const tellings = [
      telling(4, 'file-1', 'Practitioner/a/1'),
      telling(5, 'file-1', 'Practitioner/b/1', 'Practitioner/a/1'),
      telling(6, 'file-2', 'Practitioner/a/2'),
      { ...telling(7, 'file-1'), to: 9 },
    ];
    const entries = notified(to, tellings, { mask: ['Practitioner.name'] }, now);
    expect(
      entries.map(({ correlationId, numbers, disclosed, mask }) => [correlationId, numbers, disclosed, mask]),
    ).to.eql([
      ['file-1', { from: 4, to: 5 }, ['Practitioner/a/1', 'Practitioner/b/1'], ['Practitioner.name']],
      ['file-2', { from: 6, to: 6 }, ['Practitioner/a/2'], ['Practitioner.name']],
      ['file-1', { from: 7, to: 9 }, [], undefined],
    ]);
    for (const entry of entries) {
      expect(entry).to.include({ at: now.toISOString(), tenant: 'rxx', client: 'c1', type: 'Subscription', id: 's1' });
      expect(entry).to.include({ kind: 'rest', interaction: 'notification', outcome: 0 });
    }
    expect(new Set(entries.map(({ requestId }) => requestId)).size).to.equal(3);
  });

  it('is nothing where nothing leaves', () => {
    expect(notified(to, [], { mask: [] }, now)).to.deep.equal([]);
  });
});
