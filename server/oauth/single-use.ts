import { StoreError } from '../store/error.ts';
import type { OAuthStore } from '../store/port.ts';

/** True for the first caller with this id, until the time; false for every later one, in whatever process. */
export type FirstUse = (id: string, until: Date) => Promise<boolean>;

/** Something that may be used once, by inserting its use: of many at the same time one wins. `model` names the kind. */
export function firstUseOf(store: OAuthStore, model: string): FirstUse {
  return async (id, until) => {
    const none = { grantId: null, uid: null, consumedAt: null };
    try {
      await store.put({ model, id, payload: '{}', expiresAt: until.toISOString(), ...none }, true);
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'exists') return false;
      throw error;
    }
  };
}
