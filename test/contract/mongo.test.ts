import { isolationModels } from '../../server/tenancy/tenant.ts';
import { mongoPlace, mongoUri } from '../support/mongo-place.ts';
import { describeStore } from './describe-store.ts';

if (mongoUri === undefined) {
  describe('the store contract, on MongoDB', () => {
    it('is proved where MONGODB_URI names a server');
  });
} else {
  const uri = mongoUri;
  for (const isolation of isolationModels) {
    describeStore(`MongoDB, tenants apart by ${isolation}`, () => mongoPlace(uri, isolation));
  }
  describeStore('MongoDB without transactions', () => mongoPlace(uri, 'shared', false));
}
