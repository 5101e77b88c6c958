import { expect } from 'chai';
import { limits } from '../../../server/core/limits.ts';
import { loadRecords, recordCache } from '../../../server/mapping/load-records.ts';
import type { SourceRecord } from '../../../server/record/record.ts';
import { recordMap } from '../../support/record-map.ts';

describe('Records that many units share', () => {
  it('are kept up to a number, whatever their number is, and found all the same', async () => {
    const ids = Array.from({ length: 2 * limits.sharedRecordsKeptMax + 600 }, (_, at) => `${at}`);
    const records = ids.map((id): SourceRecord => ({ type: 'organisation', id, file: 'f', hash: id, slices: [] }));
    const reader = recordMap(records);
    const cache = recordCache();
    let most = 0;
    for (let at = 0; at < ids.length; at += 500) {
      const units = ids.slice(at, at + 500).map((id) => ({ kind: 'organisation' as const, id }));
      const set = await loadRecords(units, reader, [], cache);
      for (const { id } of units) expect(set.get({ type: 'organisation', id })?.hash).to.equal(id);
      most = Math.max(most, cache.records.size);
    }
    expect(most).to.be.within(limits.sharedRecordsKeptMax, limits.sharedRecordsKeptMax + 500);
  });
});
