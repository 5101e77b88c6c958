import type { DeskParts } from '../events/desk.ts';
import type { EgressPolicy } from '../events/endpoint.ts';
import { subscriptions } from '../events/subscriptions.ts';
import type { RegistrySnapshot } from '../registry/snapshot.ts';
import { compileExtract } from '../search/extract.ts';
import { packageFolder, topicDefinitions } from './documents.ts';
import type { House } from './house.ts';

/** What the server needs for subscriptions. */
export function subscriptionServing(house: House, snapshot: RegistrySnapshot, publicUrl: () => string) {
  const { settings, parameters, keys, clock } = house;
  const egress = (tenant: string): EgressPolicy => ({
    privateRanges: snapshot.tenant(tenant)?.settings.egressPrivateRanges ?? [],
    loopback: settings.mode === 'development',
    ownOrigins: [publicUrl()],
  });
  const parts: DeskParts = {
    ...{ canonicalBase: settings.canonicalBase, parameters, extract: compileExtract(parameters), keys, clock, egress },
    changed: () => {},
  };
  return { subscriptions: subscriptions(parts), topics: topicDefinitions(packageFolder()) };
}
