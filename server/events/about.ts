import { withoutVersion } from '../audit/row.ts';
import { quoted } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Happened } from '../store/delivery-port.ts';

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

/** As it was read, and what a notification says of its event around the number, as it was written. */
interface Read {
  readonly about: About;
  told: ToldEvent | undefined;
}

/** JSON of an event in a notification, before its number and after it. */
interface ToldEvent {
  /** What it was written for: the FHIR base, and where the canonical URLs are. */
  readonly base: string;
  readonly canonicalBase: string;
  readonly before: string;
  readonly after: string;
}

/** The newest: each is asked for several times a notification, and by every subscription to a topic. */
const read = new Map<string, Read>();

function readOf(text: string): Read {
  return read.get(text) ?? remember(text, JSON.parse(text) as About);
}

/** The oldest goes for it where there are many. */
function remember(text: string, about: About): Read {
  const found: Read = { about, told: undefined };
  if (read.size >= limits.eventTextsKeptMax) for (const [oldest] of read) if (read.delete(oldest)) break;
  read.set(text, found);
  return found;
}

/** `Happened.about` of what it holds. Told soon by many, mostly: its text needs no reading then. */
export function aboutText(about: About): string {
  const text = JSON.stringify(about);
  if (!read.has(text)) remember(text, about);
  return text;
}

/** @param text `Happened.about`; throws a `SyntaxError` where it is no JSON */
export function aboutOf(text: string): About {
  return readOf(text).about;
}

/** What a notification says of an event besides its number: the same for all subscriptions of a base. */
export function toldOf(
  { at, focus, about }: Pick<Happened, 'at' | 'focus' | 'about'>,
  base: string,
  canonicalBase: string,
): Pick<ToldEvent, 'before' | 'after'> {
  const found = readOf(about);
  const { told } = found;
  if (told !== undefined && told.base === base && told.canonicalBase === canonicalBase) return told;
  const url = quoted(`${canonicalBase}/StructureDefinition/subscription-event`);
  const reference = focus === '' ? '' : quoted(`${base}/${withoutVersion(focus)}`);
  const shown = reference === '' ? '' : `,{"name":"focus","valueReference":{"reference":${reference}}}`;
  const made = {
    ...{ base, canonicalBase },
    before:
      `{"extension":[{"url":${url},"extension":[${partsOf(found.about)}]}],` +
      '"name":"notification-event","part":[{"name":"event-number","valueString":"',
    after: `"},{"name":"timestamp","valueInstant":${quoted(at)}}${shown}]}`,
  };
  found.told = made;
  return made;
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
