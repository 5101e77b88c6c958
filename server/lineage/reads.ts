import type { AuditEntry } from '../audit/entry.ts';
import { auditEventId } from '../audit/event-id.ts';
import { auditEntry, withoutVersion } from '../audit/row.ts';
import { limits } from '../core/limits.ts';
import type { AuditLog } from '../store/port.ts';

/** One request that disclosed resources: who read what, when. */
export interface Read {
  readonly at: string;
  readonly client: string | null;
  readonly interaction: string;
  readonly requestId: string;
  /** What the reader said it belongs to, such as the notification that it followed; else its own. */
  readonly correlationId: string;
  /** `Type/id/version` of those of the traced resources that it disclosed. */
  readonly versions: readonly string[];
  /** Names of the elements that were left out of them. */
  readonly mask?: readonly string[];
  /** The AuditEvent that tells more. */
  readonly auditEvent: string;
}

/**
 * The requests that disclosed any of `resources` (`Type/id`), oldest first, once each.
 *
 * @param of only these versions (`Type/id/version`); all versions where absent
 * @returns `complete: false` where more than `tracedReadsMax` were found
 */
export async function readsOf(
  log: AuditLog,
  resources: readonly string[],
  of?: ReadonlySet<string>,
): Promise<{ readonly reads: readonly Read[]; readonly complete: boolean }> {
  const traced = new Set(resources);
  const wanted = (version: string) => (of === undefined ? traced.has(withoutVersion(version)) : of.has(version));
  const found = new Map<string, Read>();
  for (const resource of traced) {
    for (const row of await log.disclosing(resource)) {
      const id = auditEventId(row.writer, row.number);
      if (found.has(id)) continue;
      const entry = auditEntry(row.bytes);
      const versions = entry.disclosed.filter(wanted);
      if (versions.length > 0) found.set(id, read(id, entry, versions));
    }
    if (found.size > limits.tracedReadsMax) return { reads: inOrder(found), complete: false };
  }
  return { reads: inOrder(found), complete: true };
}

function inOrder(found: ReadonlyMap<string, Read>): readonly Read[] {
  const reads = [...found.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return reads.slice(0, limits.tracedReadsMax);
}

function read(id: string, entry: AuditEntry, versions: readonly string[]): Read {
  const { at, client, interaction, requestId, correlationId, mask } = entry;
  const masked = mask === undefined ? {} : { mask };
  return { at, client, interaction, requestId, correlationId, versions, ...masked, auditEvent: id };
}
