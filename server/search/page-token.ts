import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SortKey } from './query.ts';

/** What a page token is good for: nobody else, nowhere else, no other question. */
export interface PageBinding {
  readonly tenant: string;
  readonly client: string;
  readonly contract: string;
  readonly type: string;
  /** The canonical query string (`BoundSearch.self`). */
  readonly query: string;
}

const macBytes = 32;

/** Seals a position into an opaque token (base64url of HMAC-SHA-256 and position). */
export function sealPage(key: Uint8Array, binding: PageBinding, position: string): string {
  return Buffer.concat([mac(key, binding, position), Buffer.from(position)]).toString('base64url');
}

/** The position; undefined where the token was tampered with or made for anything else. */
export function openPage(key: Uint8Array, binding: PageBinding, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url');
  // Only the one spelling that we make: base64url readers skip what they do not know.
  if (bytes.length < macBytes || bytes.toString('base64url') !== token) return undefined;
  const position = bytes.subarray(macBytes).toString('utf8');
  return timingSafeEqual(bytes.subarray(0, macBytes), mac(key, binding, position)) ? position : undefined;
}

function mac(key: Uint8Array, { tenant, client, contract, type, query }: PageBinding, position: string): Buffer {
  const sealed = JSON.stringify([tenant, client, contract, type, query, position]);
  return createHmac('sha256', key).update(sealed).digest();
}

export function positionOf({ sequence, id }: SortKey): string {
  return `${sequence}.${id}`;
}

/** Of a position that `openPage` gave back. */
export function sortKeyOf(position: string): SortKey {
  const dot = position.indexOf('.');
  return { sequence: Number(position.slice(0, dot)), id: position.slice(dot + 1) };
}
