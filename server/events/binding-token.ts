import { createHmac, timingSafeEqual } from 'node:crypto';
import { randomId } from '../core/id.ts';

/** What a binding token stands for: a client's subscriptions, on whose events a websocket may be opened. */
export interface Binding {
  readonly tenant: string;
  readonly contract: string;
  readonly client: string;
  readonly subscriptions: readonly string[];
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** It is used once. */
  readonly id: string;
}

/** Signed rather than stored, so that any process takes it: base64url of JSON, a dot, base64url of HMAC-SHA-256. */
export function bindingToken(key: Uint8Array, binding: Omit<Binding, 'id'>): string {
  const payload = Buffer.from(JSON.stringify({ ...binding, id: randomId() })).toString('base64url');
  return `${payload}.${seal(key, payload).toString('base64url')}`;
}

/** Undefined for what is not ours or has expired. */
export function readBinding(key: Uint8Array, token: string, now: Date): Binding | undefined {
  const [payload = '', signature = '', ...rest] = token.split('.');
  const given = Buffer.from(signature, 'base64url');
  const good = seal(key, payload);
  if (rest.length > 0 || given.length !== good.length || !timingSafeEqual(given, good)) return undefined;
  const binding = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Binding;
  return now.getTime() / 1000 < binding.expiresAt ? binding : undefined;
}

function seal(key: Uint8Array, payload: string): Buffer {
  return createHmac('sha256', key).update(payload).digest();
}
