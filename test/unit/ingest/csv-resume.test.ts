import { expect } from 'chai';
import { resumeFiles } from '../../../server/ingest/run.ts';
import type { FileRow } from '../../../server/store/port.ts';
import { type TestHouse, testHouse, trustX } from '../../support/house-open.ts';

const header =
  'VPD,Employee Number,Surname,Forename,Assignment Number,Start Date,Status,Position Number,Position Title';
const count = 700;

/** Half of the people of `first` have another name in `second`. */
function table(second: boolean): string {
  const rows = Array.from({ length: count }, (_, at) => {
    const name = second && at % 2 === 0 ? 'Newname' : 'Owens';
    return `277,${90_000 + at},${name},Ann,${90_000 + at},2020-04-01,Active Assignment,${4000 + (at % 50)},Nurse`;
  });
  return [header, ...rows, ''].join('\n');
}

describe('A CSV whose ingest was cut off', () => {
  let house: TestHouse;

  beforeEach(async () => {
    house = await testHouse([trustX], '2026-11-20T09:00:00.000Z');
    await house.ingest('first.csv', table(false));
  });

  afterEach(() => house.close());

  /** Lets the process die at the nth batch of the file's walk. */
  async function dieAt(batch: number): Promise<void> {
    const store = house.store('rxx');
    const write = store.transact.bind(store);
    let walked = 0;
    store.transact = async (ops, ...rest) => {
      const walking = ops.some((op) => op.op === 'file' && op.file.checkpoint?.after !== undefined);
      if (walking && ops.some((op) => op.op === 'file' && op.file.state === 'applying')) walked += 1;
      if (walked > batch) throw new Error('the process died');
      return write(ops, ...rest);
    };
    try {
      await house.ingest('second.csv', table(true)).then(
        () => expect.fail('it lives'),
        () => undefined,
      );
    } finally {
      store.transact = write;
    }
  }

  for (const batch of [0, 1, 2, 3]) {
    it(`counts its rows as if nothing had happened, after ${batch} batches`, async () => {
      await dieAt(batch);
      await resumeFiles(house.house.ingest, 'rxx');
      const [file] = (await house.store('rxx').ledger.files()) as readonly FileRow[];
      expect(file).to.include({
        state: 'applied',
        rows: count,
        applied: count / 2,
        unchanged: count / 2,
        quarantined: 0,
      });
    });
  }
});
