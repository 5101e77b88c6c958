import { epochSecond } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { bindingToken } from './binding-token.ts';
import { type Caller, type DeskParts, ownSubscription } from './desk.ts';
import { secretText } from './signature.ts';
import { signingSecrets } from './signing-secrets.ts';
import { signatureOf } from './subscription-form.ts';

interface Answer {
  readonly body: Buffer;
  readonly disclosed: readonly string[];
}

/** What the owner of a subscription, and nobody else, is given to listen with. */
export function deskSecrets(parts: DeskParts) {
  const { canonicalBase } = parts;
  return {
    /**
     * `$get-ws-binding-token`: what a websocket binds to subscriptions with, once and soon.
     *
     * @param ids of the client's own websocket subscriptions
     */
    async binding(caller: Caller, ids: readonly string[]): Promise<Answer> {
      if (ids.length === 0 || ids.length > limits.bindingsPerTokenMax) {
        throw new AppError(
          'invalid',
          `a token binds 1 to ${limits.bindingsPerTokenMax} subscriptions: name them by id`,
        );
      }
      for (const id of ids) {
        const { form } = await ownSubscription(caller, id, canonicalBase, undefined);
        if (form.channel.type !== 'websocket') {
          throw new AppError('unprocessable', 'a subscription of another channel has nothing to bind to');
        }
      }
      const { store, contract, access, base } = caller;
      const { tenant } = store;
      const expiresAt = epochSecond(parts.clock.now()) + limits.bindingTokenSeconds;
      const key = parts.keys.derive('websocket-binding');
      const token = bindingToken(key, { tenant, contract, client: access.clientId, subscriptions: ids, expiresAt });
      const parameter = [
        { name: 'token', valueString: token },
        { name: 'expiration', valueDateTime: new Date(expiresAt * 1000).toISOString() },
        ...ids.map((id) => ({ name: 'subscription', valueString: `${base}/Subscription/${id}` })),
        { name: 'websocket-url', valueUrl: parts.websocketUrl(tenant, contract) },
      ];
      return { body: Buffer.from(JSON.stringify({ resourceType: 'Parameters', parameter })), disclosed: [] };
    },

    /** The secret that signatures are made with now, for its owner alone. */
    async secret(caller: Caller, id: string): Promise<Answer> {
      const { form } = await ownSubscription(caller, id, canonicalBase, undefined);
      const signature = signatureOf(form, canonicalBase);
      const [secret = Buffer.alloc(0)] = signingSecrets(
        parts.keys,
        caller.store.tenant,
        id,
        signature,
        parts.clock.now(),
      );
      const parameter = [
        { name: 'secret', valueString: secretText(secret) },
        { name: 'since', valueInstant: signature.since },
      ];
      return { body: Buffer.from(JSON.stringify({ resourceType: 'Parameters', parameter })), disclosed: [] };
    },
  };
}
