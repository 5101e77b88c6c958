import type { JetStreamClient } from '@nats-io/jetstream';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { limits } from '../../core/limits.ts';
import type { EventPublisher } from '../publishing.ts';

interface Broker {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  /** Makes a tenant's stream where it is not there; an operator's own is left as it is. */
  prepared(tenant: string): Promise<void>;
}

/**
 * NATS JetStream (https://docs.nats.io/nats-concepts/jetstream): subjects are `TENANT.esr.TOPIC` in a stream
 * `ESR-TENANT`, so that permissions, limits and retention can be one tenant's. `Nats-Msg-Id` is the event's id: what is
 * sent twice within `publishDuplicateSeconds` is kept once. An event is published when the stream has stored it. The
 * client is loaded where it is used.
 *
 * @param url `nats://` or `tls://`, with user and password where there are some
 */
export function natsPublisher(url: string): EventPublisher {
  let broker: Promise<Broker> | undefined;
  let closed = false;
  const connected = (): Promise<Broker> => {
    broker ??= open(url).catch((error: unknown) => {
      broker = undefined;
      throw error;
    });
    return broker;
  };
  return {
    async publish({ tenant, topic, id, body }) {
      if (closed) throw new Error('the publisher is closed');
      const { client, prepared } = await connected();
      await prepared(tenant);
      await client.publish(`${tenant}.esr.${topic}`, body, { msgID: id, timeout: limits.publishTimeoutMs });
    },
    async close() {
      closed = true;
      const standing = await broker?.catch(() => undefined);
      await standing?.connection.close();
    },
  };
}

async function open(url: string): Promise<Broker> {
  const { connect, nanos } = await import('@nats-io/transport-node');
  const { jetstream, jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect(optionsOf(new URL(url)));
  try {
    const { streams } = await jetstreamManager(connection);
    const ready = new Set<string>();
    const prepared = async (tenant: string) => {
      if (ready.has(tenant)) return;
      const name = `ESR-${tenant}`;
      const known = await streams.info(name).catch(() => undefined);
      const duplicates = nanos(limits.publishDuplicateSeconds * 1000);
      if (known === undefined) {
        await streams.add({ name, subjects: [`${tenant}.esr.>`], duplicate_window: duplicates });
      }
      ready.add(tenant);
    };
    return { connection, client: jetstream(connection), prepared };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function optionsOf({ protocol, host, username, password }: URL): ConnectionOptions {
  const named = username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  const secure = protocol === 'tls:' ? { tls: {} } : {};
  return { servers: host, maxReconnectAttempts: -1, ...named, ...secure };
}
