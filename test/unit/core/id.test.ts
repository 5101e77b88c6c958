import { expect } from 'chai';
import { derivedPair, orderedId } from '../../../server/core/id.ts';

describe('core/id', () => {
  it('orders ids as they were made, also past a millisecond’s count and where times go back', () => {
    const at = (ms: number) => new Date(Date.parse('2099-01-01T00:00:00.000Z') + ms).toISOString();
    const times = [0, 1, 0, 1, 2, ...Array.from({ length: 5000 }, () => 2), 1, 3, 9];
    const ids = times.map((ms) => orderedId(at(ms)));
    expect(ids.toSorted()).to.deep.equal(ids);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('derives two ids from the same parts, always the same', () => {
    const [one, other] = derivedPair('notification', 'rxx', 's1', '1-1');
    expect(derivedPair('notification', 'rxx', 's1', '1-1')).to.deep.equal([one, other]);
    expect(new Set([one, other, ...derivedPair('notification', 'rxx', 's1', '1-2')]).size).to.equal(4);
    for (const id of [one, other]) {
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});
