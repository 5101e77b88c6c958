import { sha256 } from '../../server/core/hash.ts';
import { openMongo } from '../../server/store/mongo/open.ts';
import type { Store } from '../../server/store/port.ts';
import { openSqlite } from '../../server/store/sqlite/open.ts';
import { type IsolationModel, isolationModels } from '../../server/tenancy/tenant.ts';
import { dropDatabases, mongoUnderTest, unprovedBy, uriOf } from './mongo-place.ts';

/**
 * The store that tests of everything above it run on: the embedded one, or the server that `ESR_FHIR_STORE` names,
 * one database for each data folder.
 */
const onMongo = mongoUnderTest;

/** Tests of the embedded store's files have nothing to look at elsewhere. */
export const onEmbeddedStore = onMongo === undefined;

/** How tenants may stand apart there. */
export const modelsUnderTest: readonly IsolationModel[] = onEmbeddedStore ? ['database'] : isolationModels;

/** `ESR_FHIR_STORE` of a data folder. */
export function storeSetting(data: string): string {
  return onMongo === undefined ? 'sqlite' : uriOf(onMongo, databaseOf(data));
}

export function openUnderTest(options: Parameters<typeof openSqlite>[0]): Promise<Store> {
  return onMongo === undefined ? openSqlite(options) : openMongo({ ...options, uri: storeSetting(options.directory) });
}

/** Plain data without what the server beneath sorts otherwise than MongoDB: characters beyond U+FFFF. */
export async function provable<T>(data: T): Promise<T> {
  if (onMongo === undefined || !(await unprovedBy(onMongo)).includes('code-point-order')) return data;
  return JSON.parse(JSON.stringify(data).replace(/[\u{10000}-\u{10ffff}]/gu, '\uffee')) as T;
}

/** Removes what a data folder has outside itself. */
export async function removeStore(data: string): Promise<void> {
  if (onMongo === undefined) return;
  await dropDatabases(onMongo, databaseOf(data));
  used.delete(databaseOf(data));
}

const used = new Set<string>();

function databaseOf(data: string): string {
  const database = `d${sha256(data).slice(0, 12)}`;
  used.add(database);
  return database;
}

/** What no test has removed goes with the run; the processes that a test starts leave that to it. */
if (onMongo !== undefined && 'after' in globalThis) {
  after(async () => {
    for (const database of used) await dropDatabases(onMongo, database);
  });
}
