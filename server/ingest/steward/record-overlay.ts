import { referencesOf } from '../../mapping/references.ts';
import { keyText, type RecordKey, type SourceRecord } from '../../record/record.ts';
import type { Op, RecordReader } from '../../store/port.ts';

/** Stored records as they would be after writes that nobody makes. */
export interface RecordOverlay {
  readonly reader: RecordReader;
  /** Takes up `record` and `record-delete` writes; others are none of its business. */
  apply(op: Op): void;
  /** Records that are otherwise than stored and not deleted. */
  records(): Iterable<SourceRecord>;
  /** Number of records that are otherwise than stored. */
  size(): number;
}

/** In memory: whoever fills it bounds it. */
export function recordOverlay(stored: RecordReader): RecordOverlay {
  const changed = new Map<string, { readonly key: RecordKey; readonly record: SourceRecord | undefined }>();
  const here = (key: RecordKey) => changed.has(keyText(key));
  const reader: RecordReader = {
    ...stored,
    async get(keys) {
      const own = keys.flatMap((key) => changed.get(keyText(key))?.record ?? []);
      return [...own, ...(await stored.get(keys.filter((key) => !here(key))))];
    },
    async hashes(keys) {
      const hashes = new Map(await stored.hashes(keys.filter((key) => !here(key))));
      for (const key of keys) {
        const record = changed.get(keyText(key))?.record;
        if (record !== undefined) hashes.set(keyText(key), record.hash);
      }
      return hashes;
    },
    async referring(to) {
      const wanted = new Set(to.map(({ type, id }) => `${type}/${id}`));
      const refers = (record: SourceRecord) => referencesOf(record).some(({ type, id }) => wanted.has(`${type}/${id}`));
      const own = [...changed.values()].filter(({ record }) => record !== undefined && refers(record));
      return [...(await stored.referring(to)).filter((key) => !here(key)), ...own.map(({ key }) => key)];
    },
  };
  return {
    reader,
    apply(op) {
      if (op.op === 'record') {
        const { type, id } = op.record;
        changed.set(keyText(op.record), { key: { type, id }, record: op.record });
      }
      if (op.op === 'record-delete') changed.set(keyText(op.key), { key: op.key, record: undefined });
    },
    records: () => [...changed.values()].flatMap(({ record }) => record ?? []),
    size: () => changed.size,
  };
}
