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
  const secret = (number: number) => derived(keys, `webhook/${tenant}/${subscription}/${number}`);
  const overlaps = now.getTime() < Date.parse(since) + limits.secretOverlapHours * 3_600_000;
  return generation > 1 && overlaps ? [secret(generation), secret(generation - 1)] : [secret(generation)];
}

/** Deriving costs as much as signing does; kept in memory alone. */
const kept = new WeakMap<KeyRing, Map<string, Buffer>>();

function derived(keys: KeyRing, purpose: string): Buffer {
  const known = kept.get(keys) ?? new Map<string, Buffer>();
  kept.set(keys, known);
  const found = known.get(purpose) ?? keys.derive(purpose);
  if (known.size >= limits.signingSecretsKeptMax) known.clear();
  known.set(purpose, found);
  return found;
}
