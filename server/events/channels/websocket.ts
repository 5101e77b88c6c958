import { limits } from '../../core/limits.ts';
import type { DeliveryParts } from '../delivery-parts.ts';
import { notified } from '../notified.ts';
import { type Bound, boundSubscription, type Told, toldOf } from './websocket-telling.ts';

/** A connection as the channel sees it; `http` brings one. */
export interface Socket {
  send(text: string): void;
  /** Bytes that its peer has not taken yet. */
  buffered(): number;
  /** @param code of RFC 6455, section 7.4 */
  close(code: number, reason: string): void;
  readonly address: string | null;
}

interface Seat {
  readonly socket: Socket;
  /** Number of the newest event that was sent to it. */
  sent: number;
  heardMs: number;
}

interface Room {
  readonly tenant: string;
  bound: Bound;
  readonly seats: Map<Socket, Seat>;
  busy: boolean;
  again: boolean;
}

/**
 * Sends notifications of subscriptions to the sockets that are bound to them, as they are numbered. A socket gets every
 * event from its binding on, in order, while it lasts; what happened in between, its client asks `$events` for. One
 * reading of the events serves all sockets of a subscription.
 */
export interface WebsocketChannel {
  /** Binds a socket to a subscription and shakes hands. False where there is nothing to bind to. */
  bind(socket: Socket, of: Pick<Bound, 'tenant' | 'contract' | 'client' | 'id'>): Promise<boolean>;
  leave(socket: Socket): void;
  /** Events of these subscriptions were numbered in this process. */
  numbered(tenant: string, subscriptions: readonly string[]): void;
  close(): void;
}

type Parts = Pick<
  DeliveryParts,
  | 'tenantStore'
  | 'registry'
  | 'seenBy'
  | 'base'
  | 'parameters'
  | 'canonicalBase'
  | 'keys'
  | 'clock'
  | 'audit'
  | 'logger'
>;

export function websocketChannel(parts: Parts): WebsocketChannel {
  const rooms = new Map<string, Room>();
  const drop = (room: Room, code: number, reason: string) => {
    rooms.delete(room.bound.id);
    for (const { socket } of room.seats.values()) socket.close(code, reason);
  };
  const look = async (room: Room): Promise<void> => {
    room.again = true;
    if (room.busy) return;
    room.busy = true;
    try {
      while (room.again && room.seats.size > 0) {
        room.again = false;
        await tell(room, parts, drop);
      }
    } catch (error) {
      parts.logger.error('websockets cannot be told', { tenant: room.tenant, why: (error as Error).message });
      room.again = false;
    }
    room.busy = false;
    if (room.seats.size === 0) rooms.delete(room.bound.id);
  };
  // What another process numbers is seen here, and heartbeats are due by time.
  const timer = setInterval(() => {
    for (const room of rooms.values()) void look(room);
  }, limits.deliveryIdleLookMs);
  return {
    async bind(socket, of) {
      const bound = await boundSubscription(of, parts);
      if (bound === undefined) return false;
      const room = rooms.get(of.id) ?? { tenant: of.tenant, bound, seats: new Map(), busy: false, again: false };
      rooms.set(of.id, room);
      const last = await parts.tenantStore(of.tenant).delivery.lastEvent(of.id);
      const sent = last?.number ?? 0;
      socket.send((await toldOf(bound, 'handshake', [], sent, parts)).text);
      room.seats.set(socket, { socket, sent, heardMs: performance.now() });
      void look(room);
      return true;
    },
    leave(socket) {
      for (const room of rooms.values()) {
        if (room.seats.delete(socket) && room.seats.size === 0) rooms.delete(room.bound.id);
      }
    },
    numbered(tenant, subscriptions) {
      for (const id of subscriptions) {
        const room = rooms.get(id);
        if (room?.tenant === tenant) void look(room);
      }
    },
    close() {
      clearInterval(timer);
      for (const room of rooms.values()) drop(room, 1001, 'the server stops');
    },
  };
}

type Drop = (room: Room, code: number, reason: string) => void;

/** Sends what is new to those who have not had it, and a heartbeat to those who have not heard of us for long. */
async function tell(room: Room, parts: Parts, drop: Drop): Promise<void> {
  const { id, tenant, contract, client } = room.bound;
  const bound = await boundSubscription({ id, tenant, contract, client }, parts);
  if (bound === undefined) {
    drop(room, 1008, 'the subscription is not active any more');
    return;
  }
  room.bound = bound;
  const { delivery } = parts.tenantStore(tenant);
  const lowest = Math.min(...[...room.seats.values()].map(({ sent }) => sent));
  const { maxCount } = bound.terms;
  const events = await delivery.events(id, lowest + 1, Number.MAX_SAFE_INTEGER, maxCount);
  const last = events.at(-1)?.number ?? 0;
  const bundles = new Map<number, Told>();
  for (const seat of [...room.seats.values()]) {
    const from = seat.sent + 1;
    if (from > last) continue;
    const known = bundles.get(from);
    const mine = events.filter(({ number }) => number >= from);
    const told = known ?? (await toldOf(bound, 'event-notification', mine, last, parts));
    bundles.set(from, told);
    if (known === undefined) {
      const to = { ...bound, address: seat.socket.address };
      for (const entry of notified(to, [told], bound.sight, parts.clock.now())) await parts.audit(entry);
    }
    deliver(room, seat, told.text);
    seat.sent = last;
  }
  if (events.length === maxCount) room.again = true;
  await beat(room, bound, parts);
}

function deliver(room: Room, seat: Seat, text: string): void {
  seat.heardMs = performance.now();
  seat.socket.send(text);
  if (seat.socket.buffered() <= limits.socketBufferedBytesMax) return;
  // A slow reader costs no more than this: it comes again, and asks for what it missed.
  room.seats.delete(seat.socket);
  seat.socket.close(1013, 'too slow: ask $events for what was missed');
}

async function beat(room: Room, bound: Bound, parts: Parts): Promise<void> {
  const { heartbeatSeconds } = bound.terms;
  if (heartbeatSeconds === undefined) return;
  const now = performance.now();
  const quiet = [...room.seats.values()].filter(({ heardMs }) => now - heardMs >= heartbeatSeconds * 1000);
  if (quiet.length === 0) return;
  const last = await parts.tenantStore(bound.tenant).delivery.lastEvent(bound.id);
  const { text } = await toldOf(bound, 'heartbeat', [], last?.number ?? 0, parts);
  for (const seat of quiet) deliver(room, seat, text);
}
