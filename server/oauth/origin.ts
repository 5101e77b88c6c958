import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the HTTP layer knows of a request and the authorization server does not. */
export interface RequestOrigin {
  readonly requestId: string;
  readonly correlationId: string;
  /** IP address of the caller. */
  readonly address: string | null;
}

/** Answers one request whose path begins with `/oauth` and whose body nobody has read. */
export type HandleRequest = (request: IncomingMessage, response: ServerResponse, origin: RequestOrigin) => void;
