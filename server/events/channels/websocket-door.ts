import type { Clock } from '../../core/clock.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { readBinding } from '../binding-token.ts';
import type { Socket, WebsocketChannel } from './websocket.ts';

interface DoorParts {
  readonly channel: WebsocketChannel;
  readonly keys: KeyRing;
  readonly clock: Clock;
  /** True for the first caller with this id. */
  firstUse(id: string, until: Date): Promise<boolean>;
}

/** https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#websockets */
const binding = /^bind-with-token:?\s+([A-Za-z0-9_.-]{1,16000})$/;

/** What sockets say, and what comes of it. */
export function websocketDoor({ channel, keys, clock, firstUse }: DoorParts) {
  const key = keys.derive('websocket-binding');
  return {
    /** A text from a socket that was opened at this place. Closes it where it is no binding that is good here. */
    async said(socket: Socket, place: { readonly tenant: string; readonly contract: string }, text: string) {
      const [, token = ''] = binding.exec(text.trim()) ?? [];
      const found = readBinding(key, token, clock.now());
      const here = found?.tenant === place.tenant && found.contract === place.contract;
      if (found === undefined || !here || !(await firstUse(found.id, new Date(found.expiresAt * 1000)))) {
        socket.close(1008, 'a binding token of this base is needed');
        return false;
      }
      const { tenant, contract, client } = found;
      for (const id of found.subscriptions) {
        if (await channel.bind(socket, { tenant, contract, client, id })) continue;
        socket.close(1008, 'a subscription is not active');
        return false;
      }
      return true;
    },
    left: (socket: Socket) => channel.leave(socket),
  };
}
