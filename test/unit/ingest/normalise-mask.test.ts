import { expect } from 'chai';
import { maskRow } from '../../../server/ingest/normalise-mask.ts';
import type { Fields } from '../../../server/record/record.ts';
import { columns } from './esr-columns.ts';
import { personRow } from './go2-text.ts';
import { stagedOf } from './read-all.ts';

describe('masked rows', () => {
  it('show the shape of personal fields and the others as they are', async () => {
    const [row] = await stagedOf(personRow);
    const masked = maskRow('person', JSON.parse(row?.fields ?? '{}') as Fields, columns);
    expect(masked).to.include({
      lastName: 'Xxxxx',
      previousLastName: 'Xxxxx-Xxxxxx',
      employeeNumber: '999999999',
      email: 'x.xxxxx@xxxxxxx.xxx',
      userPersonType: 'Employee',
    });
  });

  it('hide letters of every script and case, combining marks included', () => {
    expect(maskRow('person', { lastName: 'Ŵylt-ÀéX 3 Nguye\u0302n' }, columns)).to.deep.equal({
      lastName: 'Xxxx-XxX 9 Xxxxxxx',
    });
  });

  it('hide everything of a record type that no table describes', () => {
    const none = { byCode: new Map(), personal: new Map(), reading: '' };
    expect(maskRow('person', { userPersonType: 'Employee', fte: 1 }, none)).to.deep.equal({
      userPersonType: 'Xxxxxxxx',
      fte: '9',
    });
  });
});
