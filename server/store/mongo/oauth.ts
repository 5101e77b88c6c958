import { randomBytes } from 'node:crypto';
import { StoreError } from '../error.ts';
import type { OAuthRow, OAuthStore } from '../port.ts';
import { again, type Filter } from './part.ts';
import type { Documents } from './schema.ts';
import type { SystemParts } from './tenant-parts.ts';

/** A row is used up by inserting its consumption: exactly one of many can. */
export function oauthStore({ oauth, consumption }: Pick<SystemParts, 'oauth' | 'consumption'>): OAuthStore {
  const keyOf = (model: string, id: string) => `${model}/${id}`;
  const find = (model: string, id: string, now: Date) =>
    oauth.findOne({ _id: oauth.id(keyOf(model, id)), ...alive(now) });

  return {
    async put(row, insertOnly) {
      const key = keyOf(row.model, row.id);
      const document = documentOf(row);
      if (!insertOnly) return again(() => oauth.replace(key, document));
      if (!(await oauth.insertNew(key, document))) throw new StoreError('exists', `a ${row.model} of that id exists`);
    },

    async get(model, id, now) {
      return toRow(await find(model, id, now));
    },

    async getByUid(model, uid, now) {
      return toRow(await oauth.findOne({ uid, model, ...alive(now) }));
    },

    async consume(model, id, now) {
      const row = await find(model, id, now);
      if (row === undefined || row.consumed !== undefined) return false;
      const at = now.toISOString();
      const { life, expires } = row;
      const used = { at, ...(expires === undefined ? {} : { expires }) };
      if (!(await consumption.insertNew(`${keyOf(model, id)}/${life}`, used))) return false;
      await oauth.update({ _id: oauth.id(keyOf(model, id)), life }, { consumed: at });
      return true;
    },

    async remove(model, id) {
      await oauth.remove({ _id: oauth.id(keyOf(model, id)) });
    },

    async removeByGrant(model, grantId) {
      await oauth.remove({ grant: grantId, model });
    },

    async ids(model) {
      return (await oauth.find({ model })).map(({ id }) => id);
    },

    async sweep(now) {
      const expired = { expires: { $lte: now.toISOString() } };
      await oauth.remove(expired);
      await consumption.remove(expired);
    },
  };
}

function alive(now: Date): Filter {
  return { $or: [{ expires: { $exists: false } }, { expires: { $gt: now.toISOString() } }] };
}

function documentOf({ model, id, payload, expiresAt, grantId, uid, consumedAt }: OAuthRow): Filter {
  return {
    ...{ life: randomBytes(8).toString('hex'), model, id, payload },
    ...(expiresAt === null ? {} : { expires: expiresAt }),
    ...(grantId === null ? {} : { grant: grantId }),
    ...(uid === null ? {} : { uid }),
    ...(consumedAt === null ? {} : { consumed: consumedAt }),
  };
}

function toRow(row: Documents['oauth'] | undefined): OAuthRow | undefined {
  if (row === undefined) return undefined;
  const { model, id, payload, expires, grant, uid, consumed } = row;
  const expiresAt = expires ?? null;
  return { model, id, payload, expiresAt, grantId: grant ?? null, uid: uid ?? null, consumedAt: consumed ?? null };
}
