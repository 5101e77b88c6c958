import { present } from '../../core/assert.ts';
import { unitText } from '../../record/unit.ts';
import type { Query } from '../../search/query.ts';
import type { ResourceHead, ResourceKey, ResourceReader, SearchPage, StoredVersion } from '../port.ts';
import { parseUnit } from '../unit-text.ts';
import { type Journal, pad } from './journal.ts';
import { targetsAmong } from './keys.ts';
import { cursorOf, type Sorted, sortedPage, sortedValues } from './order.ts';
import type { Part } from './part.ts';
import type { Resolver } from './predicate.ts';
import { type Compiled, compile, resolverOf } from './query.ts';
import type { Documents } from './schema.ts';
import type { TenantParts } from './tenant-parts.ts';

const headFields = ['version', 'change', 'hash', 'unit'];

/** Reads of resources: one document each, found by its key; a search brings the bytes in the same answer. */
export function resourceReader(parts: () => Promise<TenantParts>, journal: Journal): ResourceReader {
  const reading = <T>(work: (parts: TenantParts) => Promise<T>): Promise<T> =>
    journal.reading(async () => work(await parts()));

  const heads = (filter: (parts: TenantParts) => object) =>
    reading(async (at) => {
      const found = await at.resource.find({ ...filter(at) }, { sort: { _id: 1 }, fields: headFields });
      return found.map((document): ResourceHead => {
        const { version, change, hash, unit } = document;
        const key = keyOf(at.resource.key(document._id));
        return { ...key, version, deleted: change === 'delete', hash, unit: unit ? parseUnit(unit) : null };
      });
    });

  return {
    read: (key) =>
      reading(async ({ resource }) => {
        const found = await resource.findOne({ _id: resource.id(textOf(key)) });
        return found === undefined ? undefined : versionOf(key, found);
      }),

    vread: (key, version) =>
      reading(async (at) => {
        const found = await at.version.findOne({ _id: at.version.id(`${textOf(key)}/${pad(version)}`) });
        return found === undefined ? undefined : versionOf(key, found);
      }),

    history: (key, { before, count }) =>
      reading(async (at) => {
        const below = before === undefined ? {} : { version: { $lt: before } };
        if (count === 0) return [];
        const filter = { resource: textOf(key), ...below };
        const found = await at.version.find(filter, { sort: { version: -1 }, limit: count });
        return found.map((document) => versionOf(key, document));
      }),

    readMany: (keys) =>
      reading(async ({ resource }) => {
        const found = await resource.find({ _id: { $in: keys.map((key) => resource.id(textOf(key))) } });
        const byKey = new Map(found.map((document) => [resource.key(document._id), document]));
        return keys.flatMap((key) => {
          const document = byKey.get(textOf(key));
          return document === undefined || document.change === 'delete' ? [] : [versionOf(key, document)];
        });
      }),

    search: (query) => reading((at) => search(at, query)),

    targets: (keys, param) =>
      reading(async ({ resource }) => {
        const ids = keys.map((key) => resource.id(textOf(key)));
        const found = await resource.find({ _id: { $in: ids } }, { fields: ['keys'] });
        return [...new Set(found.flatMap((document) => targetsAmong(document.keys, param)))];
      }),

    heads: (keys) => heads(({ resource }) => ({ _id: { $in: keys.map((key) => resource.id(textOf(key))) } })),

    owned: (units) => heads(() => ({ unit: { $in: units.map(unitText) } })),

    counts: (contract) =>
      reading(async ({ resource }) => {
        const rows = await resource.aggregate<{ readonly _id: string; readonly count: number }>(
          { of: { $gte: `${contract}/`, $lt: `${contract}0` } },
          [{ $group: { _id: '$of', count: { $sum: 1 } } }, { $sort: { _id: 1 } }],
        );
        return Object.fromEntries(rows.map(({ _id, count }) => [keyOf(`${_id}/`).type, count]));
      }),
  };
}

async function search({ resource, batch }: TenantParts, query: Query): Promise<SearchPage> {
  const resolver = resolverOf(query.contract, resource, batch);
  const compiled = await compile(query, resolver);
  const page = query.sort.keys === undefined ? plainPage : sortedByKeys;
  const [total, found] = await Promise.all([
    query.total || query.count === 0 ? resource.count(compiled.matching) : undefined,
    query.count === 0 ? nothing : page(query, compiled, resource, resolver),
  ]);
  return { ...found, total };
}

type Page = Omit<SearchPage, 'total'>;
type Resources = Part<Documents['resource']>;

const nothing: Page = { matches: [], next: undefined };

async function plainPage({ count }: Query, { page, reading }: Compiled, resources: Resources): Promise<Page> {
  const found = await resources.find(page, reading);
  const matches = found.slice(0, count).map((document) => versionOf(keyOf(resources.key(document._id)), document));
  const last = found.length > count ? matches.at(-1) : undefined;
  return { matches, next: last === undefined ? undefined : { sequence: last.sequence, id: last.id } };
}

/** Sorts without the bodies, then brings those of the page. */
async function sortedByKeys(
  query: Query,
  { matching }: Compiled,
  resources: Resources,
  resolver: Resolver,
): Promise<Page> {
  const found = await resources.aggregate<Sorted>(matching, sortedPage(query, cursorOf(query, resolver)));
  const page = found.slice(0, query.count);
  const documents = await resources.find({ _id: { $in: page.map(({ _id }) => _id) } });
  const byId = new Map(documents.map((document) => [document._id, document]));
  const matches = page.flatMap(({ _id }) => {
    const document = byId.get(_id);
    return document?.of === undefined ? [] : [versionOf(keyOf(resources.key(_id)), document)];
  });
  const last = found.length > query.count ? page.at(-1) : undefined;
  if (last === undefined) return { matches, next: undefined };
  const values = sortedValues(last, query.sort.keys ?? []);
  return { matches, next: { sequence: last.sequence, id: keyOf(resources.key(last._id)).id, values } };
}

function textOf({ contract, type, id }: ResourceKey): string {
  return `${contract}/${type}/${id}`;
}

function keyOf(text: string): ResourceKey {
  const [contract, type, ...rest] = text.split('/');
  return { contract: present(contract, 'the contract'), type: present(type, 'the type'), id: rest.join('/') };
}

type Document = Documents['resource'] | Documents['version'];

function versionOf({ contract, type, id }: ResourceKey, { version, sequence, at, change, body }: Document) {
  const stored: StoredVersion = { contract, type, id, version, sequence, at, change, body: bytesOf(body) };
  return stored;
}

/** A driver gives bytes as a `Binary`; a delete has none. */
function bytesOf(body: Document['body']): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  const bytes = 'byteLength' in body ? body : body.buffer;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
