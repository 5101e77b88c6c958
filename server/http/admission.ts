import { AppError } from '../core/error.ts';
import type { ServerDeps } from './deps.ts';
import { type Exchange, headerOf } from './exchange.ts';
import { answersTo } from './host.ts';

interface Parts {
  readonly deps: ServerDeps;
}

/** Step: is the request meant for this server? */
export function host({ raw }: Exchange, { deps }: Parts): undefined {
  if (answersTo(deps.hosts, headerOf(raw, 'host'))) return;
  throw new AppError('misdirected', 'this server does not answer to that host name');
}

/** Step: has the client, or its whole tenant, asked too often? A request without access counts against nobody. */
export function rate(exchange: Exchange, { deps }: Parts): undefined {
  const { registered, access } = exchange;
  if (registered === undefined || access === undefined) return;
  const counted = deps.rate(registered, access.clientId);
  if (counted === undefined) return;
  exchange.rate = counted.headers;
  if (!counted.allowed) throw new AppError('throttled', 'too many requests: Retry-After says when to come again');
}
