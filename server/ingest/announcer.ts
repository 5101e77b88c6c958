import type { Announcer } from '../commit/announce.ts';
import { londonDate } from '../core/clock.ts';
import { derivedId } from '../core/id.ts';
import type { FileRow } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { classify } from '../topics/classify.ts';
import { cloudEvent } from '../topics/domain-event.ts';
import type { EventContext } from '../topics/unit-change.ts';

/**
 * Tells what a file's changes mean to subscribers. A baseline is remembered and told to nobody (meaning.md, Events).
 * The correlation id of everything that a file brings is its ledger id.
 *
 * @param files the tenant's ledger
 */
export function fileAnnouncer(tenant: Tenant, file: FileRow, files: readonly FileRow[], today: string): Announcer {
  const receivedDate = londonDate(new Date(file.receivedAt));
  const silent = tenant.settings.firstFullFileIsBaseline && isFirstFull(file, files);
  return announcer(tenant, {
    ...{ today, receivedDate, silent },
    ...{ cause: 'file' as const, file: file.id, correlationId: file.id },
  });
}

/** Tells what comes true on a local day; all of that has one correlation id, derived from tenant and day. */
export function dayAnnouncer(tenant: Tenant, day: string): Announcer {
  return announcer(tenant, {
    ...{ today: day, receivedDate: day, silent: false },
    ...{ cause: 'date' as const, file: null, correlationId: derivedId(tenant.id, 'dates', day) },
  });
}

function announcer({ id: tenant, contracts }: Tenant, about: Omit<EventContext, 'tenant' | 'contract'>): Announcer {
  const context: EventContext = { tenant, contract: contracts[0] ?? '', ...about };
  return {
    announce(change) {
      const { events, announcement } = classify(change, context);
      const told = events.map((event) => ({ topic: event.topic, body: (at: string) => cloudEvent(event, at) }));
      return { events: told, announcement };
    },
  };
}

/**
 * Of the tenant, or of one of its VPDs: each is loaded for itself. A file that names no VPD is about all of them.
 */
function isFirstFull(file: FileRow, files: readonly FileRow[]): boolean {
  if (file.kind !== 'full') return false;
  const until = file.finishedAt;
  const isOfOther = ({ vpd }: FileRow) => vpd !== null && file.vpd !== null && vpd !== file.vpd;
  const earlier = files.filter(
    ({ id, kind, state, finishedAt }) =>
      id !== file.id && kind === 'full' && state === 'applied' && (until === null || (finishedAt ?? '') < until),
  );
  return earlier.every(isOfOther);
}
