import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fhirBase } from '../auth/base.ts';
import type { Clients } from '../auth/client.ts';
import { randomId } from '../core/id.ts';
import type { AuthorizationServer } from './provider.ts';

interface MintWish {
  readonly clientId: string;
  readonly secret: string;
  /** Left out: the client's only base is meant (a client of the management API). */
  readonly tenant?: string;
  /** The server's public URL: the token is good at that server's bases alone. */
  readonly publicUrl: string;
  /** The client's first one where left out. */
  readonly contract?: string;
  /** The client's whole ceiling where left out. */
  readonly scope?: string;
}

/** The token endpoint's own answer: `body` is its JSON, an error's as well. */
interface MintAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A `client_credentials` request to the authorization server over a listener on the loopback interface, gone again
 * afterwards: what the endpoint would say, by the endpoint's own code and with its audit row, without a server running.
 */
export async function mintToken(server: AuthorizationServer, clients: Clients, wish: MintWish): Promise<MintAnswer> {
  const contract = wish.contract ?? (await clients.find(wish.clientId))?.contracts[0];
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (contract !== undefined && wish.tenant !== undefined)
    form.set('resource', fhirBase(wish.publicUrl, wish.tenant, contract));
  if (wish.scope !== undefined) form.set('scope', wish.scope);
  const listener = createServer((request, response) => {
    const id = randomId();
    server.handle(request, response, { requestId: id, correlationId: id, address: null });
  });
  await new Promise<void>((ready, failed) => {
    listener.once('error', failed).listen(0, '127.0.0.1', ready);
  });
  try {
    const { port } = listener.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/oauth/token`, {
      method: 'POST',
      headers: { authorization: basic(wish.clientId, wish.secret), connection: 'close' },
      body: form,
    });
    return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
  } finally {
    listener.close();
  }
}

/** RFC 6749 section 2.3.1: both parts are form-encoded before they are joined. */
function basic(clientId: string, secret: string): string {
  const encoded = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
  return `Basic ${Buffer.from(encoded).toString('base64')}`;
}
