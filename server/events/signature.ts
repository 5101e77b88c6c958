import { createHmac } from 'node:crypto';

/**
 * Standard Webhooks 1.0.0 (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
 * the headers that prove to a receiver who sent these bytes, and when. Several secrets while one replaces another.
 *
 * @param id the same for all retries of one message
 * @param at epoch seconds of this attempt
 */
export function webhookHeaders(id: string, at: number, body: Buffer, secrets: readonly Buffer[]) {
  const sign = (secret: Buffer) => createHmac('sha256', secret).update(`${id}.${at}.`).update(body).digest('base64');
  const signatures = secrets.map((secret) => `v1,${sign(secret)}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signatures.join(' ') };
}

/** A secret as receivers' libraries take it. */
export function secretText(secret: Buffer): string {
  return `whsec_${secret.toString('base64')}`;
}
