import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that arrived, with its body as parsed JSON where it is some. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly atMs: number;
}

/** How the receiver answers the n-th request (from 1) of a path: a status with headers, `hang`, or `drop`. */
export type Behaviour = (received: Received, n: number) => number | Reply | 'hang' | 'drop';

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly afterMs?: number;
}

/** A subscriber's endpoint: a real HTTP server on loopback. */
export interface HookReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
  /** Listens again on the same port. */
  restart(): Promise<void>;
}

/** @param how `keep: false`: `received` stays empty, for receivers of very much */
export async function hookReceiver(how: { readonly keep?: boolean } = {}): Promise<HookReceiver> {
  const received: Received[] = [];
  const counts = new Map<string, number>();
  let behaviour: Behaviour = () => 200;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '';
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const one = { method: request.method ?? '', path, headers, bytes: Buffer.concat(chunks), atMs: performance.now() };
    if (how.keep !== false) received.push(one);
    const n = (counts.get(path) ?? 0) + 1;
    counts.set(path, n);
    const answer = behaviour(one, n);
    if (answer === 'hang') return;
    if (answer === 'drop') request.socket.destroy();
    else if (typeof answer === 'number') response.writeHead(answer).end('the endpoint says something');
    else setTimeout(() => response.writeHead(answer.status, answer.headers).end(), answer.afterMs ?? 0);
  };
  const open = (port: number) =>
    new Promise<ReturnType<typeof createServer>>((resolve) => {
      const server = createServer((request, response) => void handle(request, response).catch(() => undefined));
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  const close = (server: ReturnType<typeof createServer>) =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  let server = await open(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    behave(next) {
      behaviour = next;
    },
    stop: () => close(server),
    async restart() {
      server = await open(port);
    },
  };
}

interface Parameter {
  readonly name: string;
  readonly part?: readonly Parameter[];
  readonly extension?: readonly { readonly extension: readonly { readonly url: string }[] }[];
  readonly [value: string]: unknown;
}

interface Entry {
  readonly fullUrl: string;
  readonly resource?: { readonly resourceType: string; readonly parameter: readonly Parameter[] };
  readonly request: { readonly method: string; readonly url: string };
  readonly response: { readonly status: string };
}

/** A notification as a subscriber reads it. */
export interface Notification {
  readonly bundle: { readonly id: string; readonly type: string; readonly entry: readonly Entry[] };
  readonly kind: string;
  readonly status: string;
  readonly count: number;
  readonly numbers: readonly number[];
  readonly focuses: readonly string[];
  readonly events: readonly Parameter[];
}

export function notificationOf({ bytes }: Pick<Received, 'bytes'>): Notification {
  const bundle = JSON.parse(bytes.toString()) as Notification['bundle'];
  return { bundle, ...statusOf(bundle.entry[0]?.resource?.parameter ?? []) };
}

/** What a `$status` or a notification says. */
export function statusOf(parameters: readonly Parameter[]) {
  const value = (name: string) => {
    const found = parameters.find((one) => one.name === name);
    return String(found?.['valueCode'] ?? found?.['valueString'] ?? '');
  };
  const events = parameters.filter(({ name }) => name === 'notification-event');
  const parts = (name: string) => events.map(({ part = [] }) => part.find((one) => one.name === name));
  return {
    kind: value('type'),
    status: value('status'),
    count: Number(value('events-since-subscription-start')),
    numbers: parts('event-number').map((part) => Number(part?.['valueString'])),
    focuses: parts('focus').flatMap((part) => {
      const reference = (part?.['valueReference'] as { reference?: string } | undefined)?.reference;
      return reference === undefined ? [] : [reference];
    }),
    events,
  };
}
