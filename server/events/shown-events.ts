import type { NumberedEvent } from '../store/delivery-port.ts';
import type { StoredVersion } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';
import type { ShownEvent } from './notification.ts';
import { typeOf } from './shown-to.ts';
import type { Content } from './terms.ts';

/**
 * Events with the versions that they are about, as the client sees them now: of what it sees no longer, nothing but the
 * number is told. An event names a version of the tenant's default contract; on the base
 * of another one, what stands there now is shown.
 */
export async function shownEvents(
  contract: string,
  events: readonly NumberedEvent[],
  content: Content,
  sight: Pick<Sight, 'resources' | 'whole'>,
): Promise<readonly ShownEvent[]> {
  const shown: ShownEvent[] = [];
  for (const event of events) {
    const version = content === 'empty' ? undefined : await versionOf(sight, contract, event);
    const withheld = version === undefined && event.focus !== '' && !sight.whole(typeOf(event.focus));
    shown.push({ event, version, withheld });
  }
  return shown;
}

async function versionOf(
  { resources }: Pick<Sight, 'resources'>,
  contract: string,
  event: NumberedEvent,
): Promise<StoredVersion | undefined> {
  const [type, id, version] = event.focus.split('/');
  if (type === undefined || id === undefined || version === undefined) return undefined;
  const { contract: of = contract } = JSON.parse(event.about) as { readonly contract?: string };
  const key = { contract, type, id };
  return of === contract ? resources.vread(key, Number(version)) : resources.read(key);
}
