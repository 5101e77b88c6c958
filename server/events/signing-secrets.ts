import { limits } from '../core/limits.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Signature } from './subscription-form.ts';

/**
 * The secrets that a subscription signs with now, the newest first: two for some hours after a rotation. Derived from
 * the master key and stored nowhere, so that no copy of the databases can sign.
 */
export function signingSecrets(
  keys: KeyRing,
  tenant: string,
  subscription: string,
  { generation, since }: Signature,
  now: Date,
): readonly Buffer[] {
  const secret = (number: number) => keys.derive(`webhook/${tenant}/${subscription}/${number}`);
  const overlaps = now.getTime() < Date.parse(since) + limits.secretOverlapHours * 3_600_000;
  return generation > 1 && overlaps ? [secret(generation), secret(generation - 1)] : [secret(generation)];
}
