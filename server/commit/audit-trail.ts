import type { AuditEntry } from '../audit/entry.ts';
import type { AuditLog, Outbox } from '../store/port.ts';
import { auditWriter, carryOutbox } from './audit-writer.ts';
import { type CheckpointParts, checkpoints } from './checkpoints.ts';

/** One log as a serving process writes it: its own chain, the outbox's, and the checkpoints over both. */
export interface AuditTrail {
  /** As `AuditWriter.write`. */
  write(entry: AuditEntry): Promise<void>;
  /** As `carryOutbox`. */
  carry(outbox: Outbox): Promise<number>;
  /** Makes a checkpoint where one is due; to be called every `checkpointLookMs`. */
  look(): Promise<void>;
  /** Writes what waits, refuses the rest, and signs where the log stands. */
  close(): Promise<void>;
}

/** @param writer the name of this process's chain */
export function auditTrail(parts: CheckpointParts, writer: string): AuditTrail {
  const signing = checkpoints(parts);
  const log: AuditLog = {
    ...parts.log,
    async append(rows) {
      await parts.log.append(rows);
      signing.appended(rows.length);
    },
  };
  const own = auditWriter(log, writer);
  return {
    write: (entry) => own.write(entry),
    carry: (outbox) => carryOutbox(outbox, log),
    look: () => signing.look(),
    async close() {
      await own.close();
      await signing.close();
    },
  };
}
