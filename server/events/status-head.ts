import type { StatusHead } from './notification.ts';
import type { Progress } from './progress.ts';
import type { StoredForm } from './subscription-form.ts';

/** What every status of a subscription begins with. */
export function statusHead(
  { id, status, criteria, error }: Pick<StoredForm, 'id' | 'status' | 'criteria' | 'error'>,
  progress: Pick<Progress, 'last'> | undefined,
  base: string,
  canonicalBase: string,
): StatusHead {
  const topic = criteria.startsWith(`${canonicalBase}/SubscriptionTopic/`) ? criteria : undefined;
  return { base, canonicalBase, subscription: id, topic, status, events: progress?.last ?? 0, error: error ?? null };
}
