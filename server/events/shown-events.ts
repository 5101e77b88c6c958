import type { NumberedEvent } from '../store/delivery-port.ts';
import type { StoredVersion, TenantStore } from '../store/port.ts';
import type { ShownEvent } from './notification.ts';
import type { Content } from './terms.ts';

/**
 * Events with the versions that they are about. An event names a version of the tenant's default contract; on the base
 * of another one, what stands there now is shown.
 */
export async function shownEvents(
  store: TenantStore,
  contract: string,
  events: readonly NumberedEvent[],
  content: Content,
): Promise<readonly ShownEvent[]> {
  const shown: ShownEvent[] = [];
  for (const event of events) {
    const version = content === 'empty' ? undefined : await versionOf(store, contract, event);
    shown.push({ event, version });
  }
  return shown;
}

async function versionOf(
  store: TenantStore,
  contract: string,
  event: NumberedEvent,
): Promise<StoredVersion | undefined> {
  const [type, id, version] = event.focus.split('/');
  if (type === undefined || id === undefined || version === undefined) return undefined;
  const { contract: of = contract } = JSON.parse(event.about) as { readonly contract?: string };
  const key = { contract, type, id };
  return of === contract ? store.resources.vread(key, Number(version)) : store.resources.read(key);
}
