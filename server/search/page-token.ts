import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { SortKey, SortValue } from './query.ts';

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

/**
 * Seals a position into an opaque token: base64url of HMAC-SHA-256 and of the position, encrypted with AES-256-CTR from
 * that MAC on (a synthetic IV, RFC 5297's idea). A position may hold a name, and URLs end in logs.
 */
export function sealPage(key: Uint8Array, binding: PageBinding, position: string): string {
  const seal = mac(key, binding, position);
  return Buffer.concat([seal, cipher(key, seal, Buffer.from(position))]).toString('base64url');
}

/** The position; undefined where the token was tampered with or made for anything else. */
export function openPage(key: Uint8Array, binding: PageBinding, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url');
  // Only the one spelling that we make: base64url readers skip what they do not know.
  if (bytes.length < macBytes || bytes.toString('base64url') !== token) return undefined;
  const seal = bytes.subarray(0, macBytes);
  const position = cipher(key, seal, bytes.subarray(macBytes)).toString('utf8');
  return timingSafeEqual(seal, mac(key, binding, position)) ? position : undefined;
}

function mac(key: Uint8Array, { tenant, client, contract, type, query }: PageBinding, position: string): Buffer {
  const sealed = JSON.stringify([tenant, client, contract, type, query, position]);
  return createHmac('sha256', key).update(sealed).digest();
}

/** Both ways. */
function cipher(key: Uint8Array, seal: Uint8Array, bytes: Uint8Array): Buffer {
  return createCipheriv('aes-256-ctr', cipherKey(key), seal.subarray(0, 16)).update(bytes);
}

const cipherKeys = new WeakMap<Uint8Array, Uint8Array>();

/** Another key than the MAC's: what a MAC covers is JSON, which `cipher` is not. */
function cipherKey(key: Uint8Array): Uint8Array {
  const known = cipherKeys.get(key);
  if (known !== undefined) return known;
  const made = createHmac('sha256', key).update('cipher').digest();
  cipherKeys.set(key, made);
  return made;
}

export function positionOf({ sequence, id, values }: SortKey): string {
  return JSON.stringify(values === undefined ? [sequence, id] : [sequence, id, values]);
}

/** Of a position that `openPage` gave back. */
export function sortKeyOf(position: string): SortKey {
  const [sequence, id, values] = JSON.parse(position) as [number, string, SortValue[]?];
  return { sequence, id, ...(values === undefined ? {} : { values }) };
}
