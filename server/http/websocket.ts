import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { limits } from '../core/limits.ts';
import type { Logger } from '../core/log.ts';
import { type AllowedHosts, answersTo } from './host.ts';
import { locate } from './router.ts';

/** A connection as those see it who tell it something. */
interface Socket {
  send(text: string): void;
  buffered(): number;
  close(code: number, reason: string): void;
  readonly address: string | null;
}

export interface WebsocketDoor {
  /** True where the socket is bound to something now. */
  said(socket: Socket, place: { readonly tenant: string; readonly contract: string }, text: string): Promise<boolean>;
  left(socket: Socket): void;
}

interface WebsocketParts {
  readonly door: WebsocketDoor;
  readonly hosts: AllowedHosts;
  readonly logger: Logger;
}

/**
 * Websockets at `/t/{tenant}/events/{contract}/websocket`. Anybody may open one, and say one thing: a binding token,
 * soon. Nobody is told which tenants there are. Whatever else wants to upgrade is refused.
 */
export function websockets(server: Server, { door, hosts, logger }: WebsocketParts): { close(): void } {
  const accepting = new WebSocketServer({
    ...{ noServer: true, clientTracking: true, perMessageDeflate: false, maxPayload: limits.socketMessageBytesMax },
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const [path = ''] = (request.url ?? '').split('?');
    const place = locate(path);
    const here = place?.at === 'events' && place.rest.join('/') === 'websocket';
    if (place === undefined || !here || !answersTo(hosts, request.headers.host)) {
      refuse(stream, 404);
      return;
    }
    if (accepting.clients.size >= limits.socketsMax) {
      refuse(stream, 503);
      return;
    }
    accepting.handleUpgrade(request, stream, head, (connection) => {
      converse(connection, request.socket.remoteAddress ?? null, place, { door, logger });
    });
  });
  const pinging = setInterval(() => {
    for (const one of accepting.clients) ping(one);
  }, limits.socketPingMs);
  return {
    close() {
      clearInterval(pinging);
      for (const one of accepting.clients) one.terminate();
      accepting.close();
    },
  };
}

function refuse(stream: Duplex, status: 404 | 503): void {
  const text = status === 404 ? 'Not Found' : 'Service Unavailable';
  stream.end(`HTTP/1.1 ${status} ${text}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Answered by every peer's library; one that did not answer the last is gone. */
const silent = new WeakSet<WebSocket>();

function ping(connection: WebSocket): void {
  if (silent.has(connection)) {
    connection.terminate();
    return;
  }
  silent.add(connection);
  connection.ping();
}

function converse(
  connection: WebSocket,
  address: string | null,
  place: { readonly tenant: string; readonly contract: string },
  { door, logger }: Pick<WebsocketParts, 'door' | 'logger'>,
): void {
  const socket: Socket = {
    send: (text) => connection.send(text, () => undefined),
    buffered: () => connection.bufferedAmount,
    close: (code, reason) => connection.close(code, reason),
    address,
  };
  const late = setTimeout(() => socket.close(1008, 'a binding token is needed'), limits.socketBindMs);
  connection.on('pong', () => silent.delete(connection));
  connection.on('message', (data: RawData, binary) => {
    if (binary) {
      socket.close(1003, 'a text is needed');
      return;
    }
    clearTimeout(late);
    door.said(socket, place, String(data)).catch((error: Error) => {
      logger.error('a websocket cannot be bound', { why: error.message });
      socket.close(1011, 'try again later');
    });
  });
  connection.on('error', () => connection.terminate());
  connection.on('close', () => {
    clearTimeout(late);
    door.left(socket);
  });
}
