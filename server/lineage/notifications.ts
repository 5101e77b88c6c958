import { limits } from '../core/limits.ts';
import type { DeliveryAttempt } from '../store/delivery-port.ts';
import type { TenantStore } from '../store/port.ts';

/** One event of a subscription that told of a version, with every attempt to deliver it. */
export interface Notified {
  readonly subscription: string;
  readonly number: number;
  readonly topic: string;
  /** Id of the event. */
  readonly event: string;
  readonly correlationId: string;
  /** `Type/id/version`. */
  readonly version: string;
  readonly attempts: readonly Pick<DeliveryAttempt, 'at' | 'status' | 'error' | 'bytes' | 'sha256'>[];
}

/** @param versions `Type/id/version` */
export async function notificationsOf(
  { delivery }: Pick<TenantStore, 'delivery'>,
  versions: readonly string[],
): Promise<readonly Notified[]> {
  const notified: Notified[] = [];
  for (const { subscription, number, topic, focus, about } of await delivery.about(versions)) {
    const attempts = await delivery.attempts(subscription, number, number, limits.attemptsListedMax);
    const { event, correlationId } = JSON.parse(about) as Pick<Notified, 'event' | 'correlationId'>;
    const told = attempts.map(({ at, status, error, bytes, sha256 }) => ({ at, status, error, bytes, sha256 }));
    notified.push({ ...{ subscription, number, topic, event, correlationId, version: focus }, attempts: told });
  }
  return notified;
}
