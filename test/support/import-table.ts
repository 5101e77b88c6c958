/**
 * Who may import whom (decision 0001): a folder may import those listed and itself. Folders of one rank do not import
 * each other. A folder that is not in the table may not exist below `server/`.
 */
const base = ['core', 'config', 'fhir', 'record'];
const rank4 = [...base, 'keys', 'search', 'tenancy', 'audit', 'auth', 'store'];
const rank5 = [...rank4, 'visibility', 'commit', 'registry', 'lineage', 'jobs', 'mapping', 'topics'];
const rank6 = [...rank5, 'ingest', 'events', 'contract', 'oauth'];
const rank7 = [...rank6, 'interaction', 'admin', 'ops'];
const adapter = ['core', 'keys', 'fhir', 'record', 'search', 'tenancy', 'store'];

export const importTable: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  keys: ['core'],
  fhir: ['core'],
  record: ['core'],
  search: base,
  audit: base,
  tenancy: base,
  mapping: base,
  topics: base,
  ops: base,
  store: [...base, 'keys', 'search', 'tenancy'],
  auth: [...base, 'keys', 'search', 'tenancy', 'audit'],
  'store/sqlite': adapter,
  'store/mongo': adapter,
  registry: rank4,
  visibility: rank4,
  lineage: rank4,
  jobs: rank4,
  commit: rank4,
  oauth: rank4,
  ingest: rank5,
  interaction: rank5,
  events: rank5,
  contract: rank5,
  admin: rank6,
  http: rank7,
  console: rank7,
  cli: [...rank7, 'http', 'console'],
  main: [...rank7, 'http', 'console', 'cli', 'store/sqlite', 'store/mongo'],
};

/** Adapters are named by these alone; everybody else takes the port. */
export const adapters = ['store/sqlite', 'store/mongo'];

/** Entry files of processes and worker threads: composition roots like `main.ts`. */
export const processEntry = /^server\/(?:[a-z-]+\/)*[a-z0-9-]+-(?:process|thread)\.ts$/;

/** The four places that make a `TenantGrant` (architecture: tenant is a type, not a filter). */
export const grantMakers = /^server\/(?:auth\/|jobs\/|cli\/|ingest\/identify\.ts$|tenancy\/grant\.ts$)/;

/** The folder of the table that a file of `server/` belongs to. */
export function folderOf(path: string): string {
  if (processEntry.test(path)) return 'main';
  const [, first = '', second = '', third] = path.split('/');
  if (second === '') return first === 'main.ts' ? 'main' : first;
  return first === 'store' && third !== undefined ? `store/${second}` : first;
}
