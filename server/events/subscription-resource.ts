/**
 * https://hl7.org/fhir/R4/subscription.html with the extensions of the Subscriptions R5 Backport IG 1.1
 * (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/).
 */
export interface SubscriptionResource {
  readonly resourceType: 'Subscription';
  readonly id?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly extension?: readonly Extension[];
  readonly status: SubscriptionStatus;
  readonly reason: string;
  readonly criteria: string;
  readonly _criteria?: { readonly extension?: readonly Extension[] };
  /** ISO 8601 instant. */
  readonly end?: string;
  readonly error?: string;
  readonly channel: {
    readonly extension?: readonly Extension[];
    readonly type: string;
    readonly _type?: { readonly extension?: readonly Extension[] };
    readonly endpoint?: string;
    readonly payload?: string;
    readonly _payload?: { readonly extension?: readonly Extension[] };
    readonly header?: readonly string[];
  };
  readonly [element: string]: unknown;
}

export type SubscriptionStatus = 'requested' | 'active' | 'error' | 'off';

export interface Extension {
  readonly url: string;
  readonly extension?: readonly Extension[];
  readonly [value: string]: unknown;
}

const backportBase = 'http://hl7.org/fhir/uv/subscriptions-backport';
const structure = (name: string) => `${backportBase}/StructureDefinition/${name}`;

export const backport = {
  filterCriteria: structure('backport-filter-criteria'),
  heartbeatPeriod: structure('backport-heartbeat-period'),
  timeout: structure('backport-timeout'),
  maxCount: structure('backport-max-count'),
  payloadContent: structure('backport-payload-content'),
  channelType: structure('backport-channel-type'),
  notification: structure('backport-subscription-notification-r4'),
  status: structure('backport-subscription-status-r4'),
} as const;

/** Canonical URL of a topic of ours. */
export function topicCanonical(canonicalBase: string, topic: string): string {
  return `${canonicalBase}/SubscriptionTopic/${topic}`;
}
