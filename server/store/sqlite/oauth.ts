import { StoreError } from '../error.ts';
import type { OAuthRow, OAuthStore } from '../port.ts';
import type { Connection } from './connection.ts';
import type { GroupedWrites } from './grouped-writes.ts';

type Row = [
  model: string,
  id: string,
  payload: string,
  expiresAt: string | null,
  grantId: string | null,
  uid: string | null,
  consumedAt: string | null,
];

const select = 'SELECT model, id, payload, expires, grant_id, uid, consumed FROM oauth';
const alive = '(expires IS NULL OR expires > ?)';

export function oauthStore(system: Connection, { run }: GroupedWrites): OAuthStore {
  return {
    async put(row, insertOnly) {
      const { model, id, payload, expiresAt, grantId, uid, consumedAt } = row;
      const text = `INSERT OR ${insertOnly ? 'IGNORE' : 'REPLACE'} INTO
        oauth(model, id, payload, expires, grant_id, uid, consumed) VALUES(?, ?, ?, ?, ?, ?, ?)`;
      const written = await run(text, model, id, payload, expiresAt, grantId, uid, consumedAt);
      if (written === 0) throw new StoreError('exists', `a ${model} of that id exists`);
    },

    async get(model, id, now) {
      const text = `${select} WHERE model = ? AND id = ? AND ${alive}`;
      return toOAuthRow(system.row<Row>(text, model, id, now.toISOString()));
    },

    async getByUid(model, uid, now) {
      const text = `${select} WHERE model = ? AND uid = ? AND ${alive}`;
      return toOAuthRow(system.row<Row>(text, model, uid, now.toISOString()));
    },

    async consume(model, id, now) {
      const at = now.toISOString();
      const text = `UPDATE oauth SET consumed = ? WHERE model = ? AND id = ? AND consumed IS NULL AND ${alive}`;
      return (await run(text, at, model, id, at)) === 1;
    },

    async remove(model, id) {
      await run('DELETE FROM oauth WHERE model = ? AND id = ?', model, id);
    },

    async removeByGrant(model, grantId) {
      await run('DELETE FROM oauth WHERE model = ? AND grant_id = ?', model, grantId);
    },

    async ids(model) {
      return system.rows<[string]>('SELECT id FROM oauth WHERE model = ?', model).map(([id]) => id);
    },

    async sweep(now) {
      await run('DELETE FROM oauth WHERE expires <= ?', now.toISOString());
    },
  };
}

function toOAuthRow(row: Row | undefined): OAuthRow | undefined {
  if (row === undefined) return undefined;
  const [model, id, payload, expiresAt, grantId, uid, consumedAt] = row;
  return { model, id, payload, expiresAt, grantId, uid, consumedAt };
}
