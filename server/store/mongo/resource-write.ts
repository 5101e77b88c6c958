import { unitText } from '../../record/unit.ts';
import { entriesIn } from '../../search/extract.ts';
import type { IndexEntry } from '../../search/query.ts';
import { StoreError } from '../error.ts';
import { lineageText } from '../lineage.ts';
import type { Batch, ResourceOp } from '../port.ts';
import { pad } from './journal.ts';
import { keysOf } from './keys.ts';
import { extremesOf } from './order.ts';
import type { Write } from './part.ts';
import type { TenantParts } from './tenant-parts.ts';

/** `contract/Type/id`. */
export function resourceKey({ contract, type, id }: Pick<ResourceOp, 'contract' | 'type' | 'id'>): string {
  return `${contract}/${type}/${id}`;
}

/** Refuses a batch with a version that is not the successor of the stored one, or of the one before it in the batch. */
export async function checkVersions({ resource }: TenantParts, ops: readonly ResourceOp[]): Promise<void> {
  if (ops.length === 0) return;
  const ids = [...new Set(ops.map(resourceKey))].map((key) => resource.id(key));
  const stored = await resource.find({ _id: { $in: ids } }, { fields: ['version'] });
  const versions = new Map(stored.map((document) => [resource.key(document._id), document.version]));
  for (const op of ops) {
    const key = resourceKey(op);
    if (op.version !== (versions.get(key) ?? 0) + 1) {
      throw new StoreError('conflict', `version ${op.version} of a ${op.type} does not follow the stored one`);
    }
    versions.set(key, op.version);
  }
}

/** History first: whoever finds the resource finds its version too. */
export async function writeResources(parts: TenantParts, batch: Batch, ops: readonly ResourceOp[]): Promise<void> {
  if (ops.length === 0) return;
  await parts.version.insertMissing(ops.map((op) => versionWrite(op, batch)));
  const newest = new Map(ops.map((op) => [resourceKey(op), op]));
  await parts.resource.writeAsOf(
    batch.sequence,
    [...newest.values()].map((op) => resourceWrite(op, batch)),
  );
}

function versionWrite(op: ResourceOp, { sequence, at }: Batch): Write {
  const { version, change, lineage } = op;
  const key = resourceKey(op);
  const from =
    lineage === null ? {} : { lineage: lineageText(lineage), ...(lineage.file === null ? {} : { file: lineage.file }) };
  return {
    key: `${key}/${pad(version)}`,
    set: { resource: key, version, sequence, at, change, ...bodyOf(op), ...from },
  };
}

function resourceWrite(op: ResourceOp, { at }: Batch): Write {
  const { contract, type, version, change, hash, unit } = op;
  const live =
    change === 'delete' ? {} : { of: `${contract}/${type}`, ...bodyOf(op), ...indexOf(entriesIn(op.index, op.body)) };
  const owner = unit === null ? {} : { unit: unitText(unit) };
  return { key: resourceKey(op), set: { at, version, change, hash, ...owner, ...live } };
}

function bodyOf({ change, body }: ResourceOp) {
  return change === 'delete' ? {} : { body: Buffer.from(body) };
}

function indexOf(entries: readonly IndexEntry[]) {
  const dates = entries.flatMap((entry) =>
    entry.kind === 'date' ? [{ param: entry.param, low: entry.low, high: entry.high }] : [],
  );
  return { keys: keysOf(entries), dates, ...extremesOf(entries) };
}
