import type { LineSum } from '../../record/line-sum.ts';
import { keyText } from '../../record/record.ts';
import { type Unit, unitKinds, unitText } from '../../record/unit.ts';
import type { Batch, Op, ResourceOp } from '../port.ts';
import { pad } from './journal.ts';
import type { Filter, Write } from './part.ts';
import type { TenantParts } from './tenant-parts.ts';

export type RowOp = Exclude<Op, ResourceOp>;

/** What the rows of a batch leave behind, by key: the last op of a key in a batch decides. */
class Rows {
  readonly #byKey = new Map<string, Write>();

  set(key: string, set: Filter, first?: Filter): void {
    this.#byKey.set(key, first === undefined ? { key, set } : { key, set, first });
  }

  /** Changes what an earlier op of the batch left, or a stored document that has `where`. */
  change(key: string, set: Filter, where: string): void {
    const earlier = this.#byKey.get(key);
    if (earlier === undefined) this.#byKey.set(key, { key, set, where });
    else if (earlier.where !== undefined || where in earlier.set) {
      this.#byKey.set(key, { ...earlier, set: { ...earlier.set, ...set } });
    }
  }

  all(): readonly Write[] {
    return [...this.#byKey.values()];
  }
}

/** Nothing but the number of the batch is left of what is gone, so that no late writer brings it back. */
const gone: Filter = {};

type Replaced = 'record' | 'announcement' | 'work' | 'due' | 'file' | 'exception';

/** Writes the ops that are no resources. `place`, an op's index in its batch, orders the outbox. */
export async function writeRows(parts: TenantParts, batch: Batch, ops: readonly Op[]): Promise<void> {
  const rows: Record<Replaced | 'event' | 'outbox', Rows> = {
    ...{
      record: new Rows(),
      work: new Rows(),
      due: new Rows(),
      announcement: new Rows(),
      file: new Rows(),
      exception: new Rows(),
    },
    ...{ event: new Rows(), outbox: new Rows() },
  };
  for (const [place, op] of ops.entries()) if (op.op !== 'resource') collect(rows, op, batch, place);
  for (const name of ['record', 'work', 'due', 'announcement', 'exception', 'file'] as const) {
    const writes = rows[name].all();
    if (writes.length > 0) await parts[name].writeAsOf(batch.sequence, writes);
  }
  for (const name of ['event', 'outbox'] as const) {
    const writes = rows[name].all();
    if (writes.length > 0) await parts[name].insertMissing(writes);
  }
}

function collect(
  rows: Readonly<Record<Replaced | 'event' | 'outbox', Rows>>,
  op: RowOp,
  { sequence, at }: Batch,
  place: number,
): void {
  const position = `${pad(sequence)}/${pad(place)}`;
  switch (op.op) {
    case 'record': {
      const { type, hash, file, slices } = op.record;
      const references = [...new Set(op.references.map((to) => `${to.type}/${to.id}`))];
      const lines = op.lines === undefined ? {} : { lines: numbersOf(op.lines) };
      const layers = op.record.layers === undefined ? {} : { layers: JSON.stringify(op.record.layers) };
      const content = { type, hash, file, slices: JSON.stringify(slices), references };
      rows.record.set(keyText(op.record), { ...content, ...layers, ...lines });
      return;
    }
    case 'lines':
      rows.record.change(keyText(op.key), { lines: numbersOf(op.lines) }, 'type');
      return;
    case 'record-delete':
      rows.record.set(keyText(op.key), gone);
      return;
    case 'due':
      rows.due.set(unitText(op.unit), op.on === null ? gone : { day: op.on });
      return;
    case 'announcement':
      rows.announcement.set(unitText(op.unit), op.body === null ? gone : { body: op.body });
      return;
    case 'work-add':
      // A unit that is waiting already waits for the newer file.
      for (const unit of op.units) rows.work.set(unitText(unit), { rank: rankOf(unit), file: op.file });
      return;
    case 'work-done':
      for (const unit of op.units) rows.work.set(unitText(unit), gone);
      return;
    case 'file': {
      const { id, sha256, receivedAt } = op.file;
      const document = JSON.stringify(op.file);
      rows.file.set(id, { sha256, received: receivedAt, document }, { since: position });
      return;
    }
    case 'exception':
      rows.exception.set(op.exception.id, exceptionDocument(op.exception));
      return;
    case 'event':
      rows.event.set(position, { sequence, place, topic: op.topic, body: op.body, at });
      return;
    case 'audit':
      rows.outbox.set(position, { sequence, place, row: op.row });
      return;
  }
}

function numbersOf({ bucket, words, wide }: LineSum): readonly number[] {
  return [bucket, ...words, wide];
}

function rankOf({ kind }: Unit): number {
  return unitKinds.indexOf(kind);
}

function exceptionDocument(exception: Extract<Op, { readonly op: 'exception' }>['exception']): Filter {
  const { file, line, state, severity, record, waitsFor, unit } = exception;
  return {
    ...{ file, line, state, severity, record: keyText(record) },
    ...(waitsFor === null ? {} : { waits: keyText(waitsFor) }),
    ...(unit === null ? {} : { unit: unitText(unit) }),
    document: JSON.stringify(exception),
  };
}
