import { allows, type Scope } from './scope.ts';

/** Extensions of a Subscription that the server alone writes: whose it is, and which signing secret it is at. */
export function ownExtensionUrls(canonicalBase: string) {
  const url = (name: string) => `${canonicalBase}/StructureDefinition/${name}`;
  return { owner: url('subscription-owner'), signature: url('subscription-signature') };
}

interface Owned {
  readonly extension?: readonly { readonly url?: unknown; readonly valueString?: unknown }[];
}

/** Id of the client that owns a stored Subscription; undefined where it does not say. */
export function ownerOf(resource: Owned, canonicalBase: string): string | undefined {
  const { owner } = ownExtensionUrls(canonicalBase);
  const found = resource.extension?.find(({ url }) => url === owner)?.valueString;
  return typeof found === 'string' ? found : undefined;
}

interface Reader {
  readonly clientId: string;
  readonly scopes: readonly Scope[];
}

/** Who may see every client's subscriptions: auditors, that is whoever may read the audit (asked for by name). */
export function seesAllSubscriptions(reader: Reader): boolean {
  return allows(reader, 'AuditEvent', 'r');
}

/** May this client see a subscription of that owner? */
export function seesSubscription(reader: Reader, owner: string | undefined): boolean {
  return owner === reader.clientId || seesAllSubscriptions(reader);
}
