import { type ChainRow, chainHash, type SignedHead } from '../audit/chain.ts';
import { walkChain } from '../audit/chain-walk.ts';
import { checkpointText, checkpointWriter } from '../audit/checkpoint.ts';
import type { Finding } from '../audit/finding.ts';
import { auditEntry } from '../audit/row.ts';
import type { CheckpointKey } from '../keys/checkpoint-key.ts';
import { StoreError } from '../store/error.ts';
import type { AuditLog } from '../store/port.ts';
import type { AnchorLine } from './anchor-line.ts';
import type { LostHead, NotedHead } from './noted-head.ts';

/** What a log is held against. Read before the log is: whatever they name was in the log by then. */
export interface Witnesses {
  readonly head: NotedHead | undefined;
  readonly lost: readonly LostHead[];
  readonly anchored: readonly AnchorLine[];
}

export interface Verification {
  /** Empty: the log is what it was. The first one is the one to begin with. */
  readonly findings: readonly Finding[];
  /** Rows that are good, the checkpoints apart. */
  readonly entries: number;
  readonly checkpoints: number;
  /** Good rows that no checkpoint names yet: a server signs every 1,000 rows, every minute and when it stops. */
  readonly unsigned: number;
}

/** Checks every chain of a log against its hashes, its signed checkpoints and the witnesses outside (decision 0010). */
export async function verifyAuditLog(
  log: AuditLog,
  tenant: string | null,
  key: CheckpointKey,
  witnesses: Witnesses,
): Promise<Verification> {
  const walked = await walkCheckpoints(log, tenant, key, witnesses);
  const findings = [...walked.findings];
  const writers = await guarded(checkpointWriter, () => log.writers());
  if ('tampering' in writers) return { findings: [...findings, writers], ...walked.counts, entries: 0, unsigned: 0 };
  let entries = 0;
  let unsigned = 0;
  const names = new Set([...walked.signed.keys(), ...writers.value.filter((writer) => writer !== checkpointWriter)]);
  for (const writer of [...names].sort()) {
    const signed = walked.signed.get(writer) ?? [];
    const walk = await guarded(writer, () => walkChain(writer, reader(log, writer), signed));
    if ('tampering' in walk) {
      findings.push(walk);
      continue;
    }
    entries += walk.value.rows;
    unsigned += Math.max(0, walk.value.rows - Math.max(0, ...signed.map(({ number }) => number)));
    if (walk.value.finding !== undefined) findings.push(walk.value.finding);
  }
  return { findings, ...walked.counts, entries, unsigned };
}

interface Checkpoints {
  readonly findings: readonly Finding[];
  readonly counts: { readonly checkpoints: number };
  /** What genuine checkpoints, anchored ones among them, say of each writer. */
  readonly signed: ReadonlyMap<string, readonly SignedHead[]>;
}

async function walkCheckpoints(
  log: AuditLog,
  tenant: string | null,
  key: CheckpointKey,
  { head, lost, anchored }: Witnesses,
): Promise<Checkpoints> {
  const signed = new Map<string, SignedHead[]>();
  const forged: Finding[] = [];
  const visit = (row: ChainRow, previous: string) => {
    const bad = forgery(row, previous, tenant, key);
    if (bad !== undefined) forged.push(bad);
    else collect(signed, row);
  };
  const read = reader(log, checkpointWriter);
  const walk = await guarded(checkpointWriter, () => walkChain(checkpointWriter, read, [], visit));
  if ('tampering' in walk) return { findings: [walk], counts: { checkpoints: 0 }, signed };
  const { rows, finding } = walk.value;
  const missing = finding === undefined ? await unheld(log, rows, [...anchors(anchored), ...noted(head, lost)]) : [];
  const findings = [...(finding === undefined ? [] : [finding]), ...forged, ...missing];
  // Of a log that is an older one, what was signed since says nothing that was not said.
  if (missing.length === 0) for (const line of anchored) collect(signed, line);
  return { findings, counts: { checkpoints: rows }, signed };
}

function forgery(row: ChainRow, previous: string, tenant: string | null, key: CheckpointKey): Finding | undefined {
  const { checkpoint } = auditEntry(row.bytes);
  const { number, at } = row;
  const found = (why: string): Finding => ({ tampering: 'forged-checkpoint', writer: checkpointWriter, number, why });
  if (checkpoint === undefined) return found(`checkpoint ${number} is none`);
  if (checkpoint.key !== key.id) return found(`checkpoint ${number} is signed with another key, ${checkpoint.key}`);
  const text = checkpointText({ tenant, number, previous, at, heads: checkpoint.heads });
  if (key.verify(text, checkpoint.signature)) return undefined;
  return found(`the signature of checkpoint ${number} is not good`);
}

function collect(signed: Map<string, SignedHead[]>, row: Pick<ChainRow, 'number' | 'bytes'>): void {
  for (const { writer, number, hash } of auditEntry(row.bytes).checkpoint?.heads ?? []) {
    const heads = signed.get(writer) ?? [];
    // The same place in the next checkpoint says nothing new: nothing came in between.
    if (heads.at(-1)?.number !== number) heads.push({ number, hash, checkpoint: row.number });
    signed.set(writer, heads);
  }
}

/** A checkpoint that the log must hold, and who says so. */
interface Demanded {
  readonly number: number;
  readonly hash: string;
  readonly says: string;
}

function noted(head: NotedHead | undefined, lost: readonly LostHead[]): Demanded[] {
  const now = head === undefined ? [] : [{ ...head, says: 'the system store notes it' }];
  return [...lost.map((one) => ({ ...one, says: `its loss was noticed at ${one.foundAt}` })), ...now];
}

function anchors(lines: readonly AnchorLine[]): Demanded[] {
  return lines.map(({ number, previous, bytes }) => ({
    number,
    hash: chainHash(previous, bytes),
    says: 'the anchor file holds it',
  }));
}

/** The first of the demanded checkpoints that the log, whose own chain of them is whole, does not hold. */
async function unheld(log: AuditLog, count: number, demanded: readonly Demanded[]): Promise<readonly Finding[]> {
  const inOrder = [...demanded].sort((a, b) => a.number - b.number);
  for (const { number, hash, says } of inOrder) {
    const row = await log.row(checkpointWriter, number);
    if (row?.hash === hash) continue;
    const writer = checkpointWriter;
    if (row === undefined) {
      const ends = `the log ends at checkpoint ${count}, but checkpoint ${number} was made: ${says}`;
      const why = `${ends}. An older backup was put back, or rows were cut together with their checkpoints`;
      return [{ tampering: 'older-log', writer, number: count + 1, why }];
    }
    const why = `checkpoint ${number} is not the one that was made: ${says}. The log went on from an older state`;
    return [{ tampering: 'forked-chain', writer, number, why }];
  }
  return [];
}

function reader(log: AuditLog, writer: string) {
  return (from: number, count: number) => log.chain(writer, from, count);
}

/** A file whose pages fail their authentication is a finding, not a failure. */
async function guarded<T>(writer: string, work: () => Promise<T>): Promise<{ readonly value: T } | Finding> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof StoreError && error.code !== 'corrupt') throw error;
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    const why = `the rows of writer ${writer} cannot be read, the file is damaged${code}`;
    return { tampering: 'damaged-file', writer, number: 1, why };
  }
}
