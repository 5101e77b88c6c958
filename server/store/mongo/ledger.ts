import { keyText } from '../../record/record.ts';
import { unitText } from '../../record/unit.ts';
import type { Lineage } from '../lineage.ts';
import type { ExceptionFilter, ExceptionRow, FileRow, LedgerReader } from '../port.ts';
import { type Journal, pad } from './journal.ts';
import type { Filter } from './part.ts';
import { resourceKey } from './resource-write.ts';
import type { TenantParts } from './tenant-parts.ts';

const newestFirst = { received: -1, since: -1 } as const;

export function ledgerReader(parts: () => Promise<TenantParts>, journal: Journal): LedgerReader {
  const reading = <T>(work: (parts: TenantParts) => Promise<T>): Promise<T> =>
    journal.reading(async () => work(await parts()));
  const parsed = <T>(found: { readonly document: string }): T => JSON.parse(found.document) as T;

  return {
    file: (id) =>
      reading(async ({ file }) => {
        const found = await file.findOne({ _id: file.id(id) });
        return found === undefined ? undefined : parsed<FileRow>(found);
      }),

    files: () => reading(async ({ file }) => (await file.find({}, { sort: newestFirst })).map(parsed<FileRow>)),

    filesBySha256: (sha256) =>
      reading(async ({ file }) => (await file.find({ sha256 }, { sort: newestFirst })).map(parsed<FileRow>)),

    exception: (id) =>
      reading(async ({ exception }) => {
        const found = await exception.findOne({ _id: exception.id(id) });
        return found === undefined ? undefined : parsed<ExceptionRow>(found);
      }),

    exceptions: (filter) =>
      reading(async ({ exception }) => {
        const found = await exception.find(exceptionWhere(filter), { sort: { file: 1, line: 1, _id: 1 } });
        return found.map(parsed<ExceptionRow>);
      }),

    lineage: (key, version) =>
      reading(async (at) => {
        const id = at.version.id(`${resourceKey(key)}/${pad(version)}`);
        const lineage = (await at.version.findOne({ _id: id }, { fields: ['lineage'] }))?.lineage;
        return lineage === undefined ? undefined : (JSON.parse(lineage) as Lineage);
      }),

    versionsOf: (file) =>
      reading(async ({ version }) => {
        const fields = ['resource', 'version', 'sequence', 'at', 'change'];
        const found = await version.find({ file }, { sort: { sequence: 1, _id: 1 }, fields });
        return found.map(({ resource, version: number, sequence, at, change }) => {
          const [contract = '', type = '', id = ''] = resource.split('/');
          return { contract, type, id, version: number, sequence, at, change };
        });
      }),
  };
}

/** What is given must all hold; a list holds where one of it does. */
function exceptionWhere(filter: ExceptionFilter): Filter {
  const { file, state, severity, records, waitingFor, units } = filter;
  return {
    ...(file === undefined ? {} : { file }),
    ...(state === undefined ? {} : { state }),
    ...(severity === undefined ? {} : { severity }),
    ...(records === undefined ? {} : { record: { $in: records.map(keyText) } }),
    ...(waitingFor === undefined ? {} : { waits: { $in: waitingFor.map(keyText) } }),
    ...(units === undefined ? {} : { unit: { $in: units.map(unitText) } }),
  };
}
