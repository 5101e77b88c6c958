import type { FileRow, TenantStore } from '../../server/store/port.ts';

const types = ['Basic', 'Location', 'Organization', 'Practitioner', 'PractitionerRole'];

/** All that a tenant's store holds of its files, resources and exceptions, in a form that two runs can compare. */
export interface HouseState {
  /** Every version by `Type/id/version`: the body without `meta.lastUpdated`; null for a delete. */
  readonly versions: Readonly<Record<string, unknown>>;
  readonly files: readonly object[];
  /** Open and closed ones, sorted. */
  readonly exceptions: readonly string[];
  readonly records: Readonly<Record<string, number>>;
  /** The outbox's events, in order: topic, and of a resource which one and when. */
  readonly events: readonly string[];
}

export async function houseState(store: TenantStore): Promise<HouseState> {
  const files = [...(await store.ledger.files())].reverse();
  const names = new Map(files.map((file) => [file.id, file.name]));
  const versions: Record<string, unknown> = {};
  for (const key of await everyResource(store, files)) {
    for (const one of await store.resources.history({ contract: 'v1', ...key }, { count: 1_000 })) {
      versions[`${key.type}/${key.id}/${one.version}`] = one.change === 'delete' ? null : withoutTime(one.body);
    }
  }
  const exceptions = (await store.ledger.exceptions({})).map(({ id: _, since: _since, closedAt, ...rest }) =>
    JSON.stringify({ ...rest, file: names.get(rest.file) ?? rest.file, closed: closedAt !== null }),
  );
  const events = await store.outbox.events({ sequence: 0, index: 0 }, 1_000_000);
  return {
    versions,
    files: files.map(comparable),
    exceptions: exceptions.sort(),
    records: await store.records.counts(),
    events: events.map(({ topic, body }) => `${topic}${aboutResource(body)}`),
  };
}

/** Ids of files and exceptions differ from run to run. */
function aboutResource(body: string): string {
  const { subject, data } = JSON.parse(body) as { readonly subject: string; readonly data: KeptEventData };
  return data.focus === undefined ? '' : ` ${subject} version ${data.focus.version} on ${data.effectiveDate}`;
}

interface KeptEventData {
  readonly effectiveDate: string;
  readonly focus?: { readonly version: number };
}

/** Live resources of a type, whole, by id. */
export async function liveResources(store: TenantStore, type: string): Promise<ReadonlyMap<string, JsonResource>> {
  const query = { contract: 'v1', type, where: { is: 'all' }, total: false } as const;
  const { matches } = await store.resources.search({
    ...query,
    sort: { by: 'id', descending: false },
    count: 1_000_000,
  });
  return new Map(matches.map(({ id, body }) => [id, JSON.parse(body.toString()) as JsonResource]));
}

export interface JsonResource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta: { readonly versionId: string; readonly lastUpdated: string };
  readonly [element: string]: unknown;
}

/** Live ones and those that a file made and a later one removed. */
async function everyResource(store: TenantStore, files: readonly FileRow[]) {
  const keys = new Map<string, { readonly type: string; readonly id: string }>();
  for (const type of types) {
    for (const id of (await liveResources(store, type)).keys()) keys.set(`${type}/${id}`, { type, id });
  }
  for (const file of files) {
    for (const { type, id } of await store.ledger.versionsOf(file.id)) keys.set(`${type}/${id}`, { type, id });
  }
  return [...keys.values()];
}

function withoutTime(body: Buffer): unknown {
  const resource = JSON.parse(body.toString()) as JsonResource;
  const { lastUpdated: _, ...meta } = resource.meta;
  return { ...resource, meta };
}

function comparable(file: FileRow): object {
  const { id: _, source: _source, receivedAt: _received, finishedAt: _finished, seconds: _seconds, ...rest } = file;
  return rest;
}
