import { expect } from 'chai';
import mongoose from 'mongoose';
import { patiently } from '../../../../server/store/mongo/patience.ts';
import { rejection } from '../../../support/rejection.ts';

const { MongoBulkWriteError, MongoServerError } = mongoose.mongo;
const lockTimeout = () => new MongoServerError({ errmsg: 'a transaction is open', code: 24 });

describe('patience with a MongoDB server', () => {
  /** Work that fails with each of the errors, and then is done; how often it was begun. */
  const failing = (...errors: readonly Error[]) => {
    const left = [...errors];
    let begun = 0;
    const work = async () => {
      begun += 1;
      const error = left.shift();
      if (error !== undefined) throw error;
      return begun;
    };
    return { work, begun: () => begun };
  };

  it('does again what waited in vain for a lock, or lost to another transaction', async () => {
    const lost = new MongoServerError({ errmsg: 'lost', code: 112, errorLabels: ['TransientTransactionError'] });
    expect(await patiently(failing(lockTimeout(), lost).work)).to.equal(3);
  });

  it('throws everything else at once', async () => {
    for (const error of [new MongoServerError({ errmsg: 'taken', code: 11_000 }), new Error('LockTimeout')]) {
      const { work, begun } = failing(error);
      expect(await rejection(patiently(work))).to.equal(error);
      expect(begun()).to.equal(1);
    }
  });

  it('does again no bulk of which a part is written', async () => {
    const none = { insertedCount: 0, matchedCount: 0, deletedCount: 0, upsertedCount: 0 };
    const bulk = (written: object) => new MongoBulkWriteError(lockTimeout(), { ...none, ...written } as never);
    expect(await patiently(failing(bulk({})).work)).to.equal(2);
    for (const name of Object.keys(none)) {
      const { work, begun } = failing(bulk({ [name]: 1 }));
      expect(await rejection(patiently(work)), name).to.have.property(name, 1);
      expect(begun(), name).to.equal(1);
    }
  });
});
