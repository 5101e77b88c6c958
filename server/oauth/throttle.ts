import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditEntry } from '../audit/entry.ts';
import type { Rate } from '../auth/rate-limit.ts';
import type { Clock } from '../core/clock.ts';
import type { RequestOrigin } from './origin.ts';
import { pathBelow } from './own-name.ts';
import { throttledAudit } from './token-audit.ts';

interface ThrottleParts {
  /** Counts a request of an address; undefined where no limit is set. */
  rate(address: string | null): Rate | undefined;
  audit(entry: AuditEntry): Promise<void>;
  readonly clock: Clock;
}

/** Documents that everybody reads and that cost nothing. */
const open = /^\/(?:jwks|\.well-known\/)/;

/**
 * Counts a request below `/oauth` against its address: before anything costs a signature or a hash. True where it was
 * refused, and recorded.
 */
export async function isThrottled(
  { rate, audit, clock }: ThrottleParts,
  request: IncomingMessage,
  response: ServerResponse,
  origin: RequestOrigin,
): Promise<boolean> {
  const counted = open.test(pathBelow(request)) ? undefined : rate(origin.address);
  if (counted === undefined) return false;
  for (const [name, value] of Object.entries(counted.headers)) response.setHeader(name, value);
  if (counted.allowed) return false;
  await audit(throttledAudit(origin, clock));
  response.writeHead(429, { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' });
  response.end('{"error":"temporarily_unavailable","error_description":"too many requests"}');
  return true;
}
