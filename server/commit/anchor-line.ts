import { checkpointText } from '../audit/checkpoint.ts';
import { auditEntry } from '../audit/row.ts';
import type { CheckpointKey } from '../keys/checkpoint-key.ts';
import type { AuditRow } from '../store/port.ts';

/** A checkpoint as it stands in an anchor file: with its public key, all that is needed to check its signature. */
export interface AnchorLine {
  readonly tenant: string | null;
  readonly number: number;
  /** Hash of the checkpoint before. */
  readonly previous: string;
  /** The row's bytes. */
  readonly bytes: string;
}

/** The tenant was destroyed: what stands above was of another life of its id. */
interface RemovalLine {
  readonly tenant: string;
  /** ISO 8601 UTC. */
  readonly removed: string;
}

/** One line, line feed included. */
export function anchorLine(tenant: string | null, previous: string, { number, bytes }: AuditRow): string {
  return `${JSON.stringify({ tenant, number, previous, bytes } satisfies AnchorLine)}\n`;
}

export function removalLine(tenant: string, removed: Date): string {
  return `${JSON.stringify({ tenant, removed: removed.toISOString() } satisfies RemovalLine)}\n`;
}

/**
 * The checkpoints of a tenant's present life that an anchor file vouches for. Lines that are not genuine (torn by a
 * power cut, of another installation) count for nothing.
 */
export async function anchoredCheckpoints(
  lines: AsyncIterable<string>,
  tenant: string | null,
  key: CheckpointKey,
): Promise<readonly AnchorLine[]> {
  let anchored: AnchorLine[] = [];
  for await (const text of lines) {
    const line = parse(text);
    if (line === undefined || line.tenant !== tenant) continue;
    if ('removed' in line) anchored = [];
    else if (genuine(line, key)) anchored.push(line);
  }
  return anchored;
}

function parse(text: string): AnchorLine | RemovalLine | undefined {
  try {
    return JSON.parse(text) as AnchorLine | RemovalLine;
  } catch {
    return undefined;
  }
}

function genuine({ tenant, number, previous, bytes }: AnchorLine, key: CheckpointKey): boolean {
  try {
    const { at, checkpoint } = auditEntry(bytes);
    if (checkpoint === undefined) return false;
    return key.verify(checkpointText({ tenant, number, previous, at, heads: checkpoint.heads }), checkpoint.signature);
  } catch {
    return false;
  }
}
