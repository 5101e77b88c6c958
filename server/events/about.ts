import { quoted } from '../core/json.ts';
import { limits } from '../core/limits.ts';

/** What `Happened.about` holds. */
export interface About {
  /** Contract whose version the focus names. */
  readonly contract?: string;
  readonly event: string;
  readonly correlationId: string;
  readonly effectiveDate?: string;
  readonly receivedDate?: string;
  readonly firstEvent?: string;
}

/** As it was read, and its extension of a notification as it was written. */
interface Read {
  readonly about: About;
  told: string | undefined;
}

/** The newest: each is asked for several times a notification, and by every subscription to a topic. */
const read = new Map<string, Read>();

function readOf(text: string): Read {
  const known = read.get(text);
  if (known !== undefined) return known;
  const about = JSON.parse(text) as About;
  const found = { about, told: undefined };
  if (read.size >= limits.eventTextsKeptMax) read.clear();
  read.set(text, found);
  return found;
}

/** @param text `Happened.about`; throws a `SyntaxError` where it is no JSON */
export function aboutOf(text: string): About {
  return readOf(text).about;
}

/** What a notification tells of it: the parts of its extension, as JSON. */
export function toldAbout(text: string): string {
  const found = readOf(text);
  found.told ??= partsOf(found.about);
  return found.told;
}

function partsOf({ event, correlationId, effectiveDate, receivedDate, firstEvent }: About): string {
  const parts = [
    `{"url":"event","valueId":${quoted(event)}},{"url":"correlation","valueString":${quoted(correlationId)}}`,
    ...(effectiveDate === undefined ? [] : [`{"url":"effective","valueDate":${quoted(effectiveDate)}}`]),
    ...(receivedDate === undefined ? [] : [`{"url":"received","valueDate":${quoted(receivedDate)}}`]),
    ...(firstEvent === undefined ? [] : [`{"url":"first-event","valueId":${quoted(firstEvent)}}`]),
  ];
  return parts.join(',');
}
