#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { disclosures } from './audit/row.ts';
import type { CommonOptions } from './cli/command.ts';
import { columnFiles, csvProfileFiles, mappingFiles, packageFolder, softwareName } from './cli/documents.ts';
import type { House, OpenHouse } from './cli/house.ts';
import { runCommandLine } from './cli/program.ts';
import type { Publishing } from './commit/publish.ts';
import { loadSettings } from './config/load.ts';
import type { Settings } from './config/schema.ts';
import { systemClock } from './core/clock.ts';
import { sha256 } from './core/hash.ts';
import { compileProfiles } from './ingest/formats/csv/profile.ts';
import { tenantProfiles } from './ingest/formats/csv/tenant-profiles.ts';
import { compileColumns } from './ingest/formats/go2/columns.ts';
import type { IngestParts } from './ingest/parts.ts';
import { projectionContext, storedProjector } from './ingest/projector.ts';
import { type KeyRing, keyRing } from './keys/key-ring.ts';
import { masterKey } from './keys/master-key.ts';
import { compileMapping } from './mapping/mapping.ts';
import { winstonLogger } from './ops/logging.ts';
import { clientRegistry } from './registry/clients.ts';
import { permissionSets } from './registry/permission-sets.ts';
import { tenantRegistry } from './registry/tenants.ts';
import { searchParameters } from './search/parameters.ts';
import type { IndexSchema } from './search/query.ts';
import { indexSchema } from './search/schema.ts';
import type { Store } from './store/port.ts';
import { openSqlite } from './store/sqlite/open.ts';

/** Contract versions that this software has a mapping for. */
const contracts = ['v1'] as const;

/** Puts the parts together over the data folder that options and environment name. */
export const openHouse: OpenHouse = async (options: CommonOptions, how = {}): Promise<House> => {
  const settings = loadSettings(process.env, { data: options.data, ...how.settings });
  const clock = how.clock ?? systemClock;
  const logger = winstonLogger(settings.logLevel);
  const keys = keyRing(masterKey(settings.data, settings.masterKey, how.create === true));
  const parameters = searchParameters(settings.canonicalBase);
  const schema = indexSchema(parameters);
  const store = await openStore(settings, keys, schema, how.serving === true);
  const folder = packageFolder();
  const software = softwareName(folder);
  const tenants = tenantRegistry(store);
  const clients = clientRegistry(store);
  const about = { folder, software, logger, clock, store, tenants: tenants.list, parameters };
  let ingest: IngestParts | undefined;
  return {
    settings,
    clock,
    logger,
    keys,
    store,
    parameters,
    tenants,
    clients,
    permissionSets: permissionSets(store.system.documents, clients),
    /** Compiled when first asked for: most commands ingest nothing, and compiling takes a third of a second. */
    get ingest() {
      ingest ??= ingestParts(settings, about);
      return ingest;
    },
    software,
    entry: fileURLToPath(import.meta.url),
    close: () => store.close(),
  };
};

/** A driver that is not used is not loaded. */
async function openStore(settings: Settings, keys: KeyRing, schema: IndexSchema, serving: boolean): Promise<Store> {
  const { store, data } = settings;
  if (store === 'sqlite') return openSqlite({ directory: data, keys, schema, disclosures, serving });
  const { openMongo } = await import('./store/mongo/open.ts');
  return openMongo({ uri: store, keys, disclosures });
}

type IngestBasis = Pick<IngestParts, 'store' | 'clock' | 'logger' | 'software' | 'tenants' | 'parameters'>;

function ingestParts(
  { canonicalBase }: Settings,
  { folder, ...basis }: IngestBasis & { readonly folder: string },
): IngestParts {
  const mappings = contracts.map((contract) => compileMapping(mappingFiles(folder, contract)));
  const columns = columnFiles(folder, contracts[0]);
  const published = compileColumns(columns, { publishBirthDate: true });
  const csv = csvProfileFiles(folder);
  const plain = compileColumns(columns, { publishBirthDate: false });
  return {
    ...basis,
    columns: ({ settings }) => (settings.publishBirthDate ? published : plain),
    ourCsvProfiles: compileProfiles(csv.profiles, [], csv.schema, { publishBirthDate: false }),
    csvProfiles: tenantProfiles(csv.profiles, csv.schema),
    projection(tenant) {
      const made = mappings.filter(({ contract }) => tenant.contracts.includes(contract));
      const context = projectionContext(tenant, canonicalBase, '');
      return sha256(JSON.stringify([context, made.map(({ contract, version }) => [contract, version])]));
    },
    projectors(tenant, tenantStore, today): Publishing['projectors'] {
      const context = projectionContext(tenant, canonicalBase, today);
      return tenant.contracts.flatMap((contract) => {
        const mapping = mappings.find((one) => one.contract === contract);
        return mapping === undefined
          ? []
          : [{ contract, projector: storedProjector(mapping, tenantStore.records, context) }];
      });
    },
  };
}

/** True where this file is the program, also through the link that npm makes of `bin`. */
function isProgram(): boolean {
  const [, script] = process.argv;
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isProgram()) await runCommandLine(openHouse, process.argv, join(packageFolder(), 'package.json'));
