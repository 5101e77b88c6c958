import { limits } from '../core/limits.ts';
import type { NumberedEvent } from '../store/delivery-port.ts';
import { StoreError } from '../store/error.ts';
import type { ResourceReader, StoredVersion } from '../store/port.ts';
import type { Sight } from '../visibility/sight.ts';
import { aboutOf } from './about.ts';
import type { ShownEvent } from './notification.ts';
import { typeOf } from './shown-to.ts';
import type { Content } from './terms.ts';

type Seeing = Pick<Sight, 'resources' | 'whole' | 'allRows' | 'hidden'>;

/**
 * Events with the versions that they are about, as the client sees them now: of what it sees no longer, nothing but the
 * number is told. An event names a version of the tenant's default contract; on the base
 * of another one, what stands there now is shown.
 */
export async function shownEvents(
  contract: string,
  events: readonly NumberedEvent[],
  content: Content,
  sight: Seeing,
): Promise<readonly ShownEvent[]> {
  if (content === 'empty') return events.map((event) => ({ event, version: undefined, withheld: false }));
  return Promise.all(events.map((event) => shownEvent(sight, contract, event, content)));
}

/** An event that cannot be shown keeps no other one waiting: its number is told, without what it is about. */
function shownEvent(
  sight: Seeing,
  contract: string,
  event: NumberedEvent,
  content: Content,
): ShownEvent | Promise<ShownEvent> {
  const shown = (version: StoredVersion | undefined): ShownEvent => {
    const withheld = version === undefined && event.focus !== '' && !sight.whole(typeOf(event.focus));
    if (content === 'full-resource' && version !== undefined && version.body.length > 0)
      JSON.parse(version.body.toString());
    return { event, version, withheld };
  };
  const unreadable = (error: unknown): ShownEvent => {
    if (!staysSo(error)) throw error;
    return { event, version: undefined, withheld: true, unreadable: true };
  };
  try {
    const version = versionOf(sight, contract, event);
    return version instanceof Promise ? version.then(shown).catch(unreadable) : shown(version);
  } catch (error) {
    return unreadable(error);
  }
}

/** Bytes that are wrong stay so; whatever else fails, a store that is away say, may come right a moment later. */
function staysSo(error: unknown): boolean {
  return error instanceof StoreError
    ? error.code === 'corrupt'
    : error instanceof SyntaxError || error instanceof TypeError;
}

function versionOf(
  { resources, allRows, hidden }: Seeing,
  contract: string,
  { focus, at, about }: NumberedEvent,
): StoredVersion | undefined | Promise<StoredVersion | undefined> {
  const { contract: of = contract } = aboutOf(about);
  const kept = of === contract && allRows && hidden === undefined;
  const known = kept ? readOnce.get(resources)?.get(focus) : undefined;
  // The time tells two lives of a tenant apart.
  if (known?.at === at && known.version.contract === contract) return known.version;
  const [type, id, version] = focus.split('/');
  if (type === undefined || id === undefined || version === undefined) return undefined;
  const key = { contract, type, id };
  if (of !== contract) return resources.read(key);
  const found = resources.vread(key, Number(version));
  return kept ? found.then((one) => remembered(resources, focus, at, one)) : found;
}

/**
 * A version never changes: of those who see everything, each is told of the same one. Who sees a part sees another part
 * a moment later. By reader, and so by tenant; forgotten all at once where they are much.
 */
let readOnce = new WeakMap<ResourceReader, Map<string, Read>>();
let readBytes = 0;

interface Read {
  /** Time of the event. */
  readonly at: string;
  readonly version: StoredVersion;
}

function remembered(
  resources: ResourceReader,
  focus: string,
  at: string,
  version: StoredVersion | undefined,
): StoredVersion | undefined {
  if (version === undefined) return undefined;
  if (readBytes > limits.versionsToldBytesMax) {
    readOnce = new WeakMap();
    readBytes = 0;
  }
  const known = readOnce.get(resources) ?? new Map<string, Read>();
  readBytes += bytesOf({ at, version }) - bytesOf(known.get(focus));
  readOnce.set(resources, known.set(focus, { at, version }));
  return version;
}

/** About what it takes: a version's body, and the rest. */
function bytesOf(read: Read | undefined): number {
  return read === undefined ? 0 : read.version.body.length + 500;
}
