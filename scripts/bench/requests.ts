import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditEntry } from '../../server/audit/row.ts';
import { present } from '../../server/core/assert.ts';
import { openHouse } from '../../server/main.ts';
import { grantTenant } from '../../server/tenancy/grant.ts';
import { type LoadResult, load } from './load.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, type Started, startServer } from './processes.ts';
import { ingestedTrust, type Trust, tenant } from './trust.ts';

const tokensWanted = 16;

export interface RequestBench {
  readonly name: string;
  /** Least ratio to bare Fastify that issue and README promise. */
  readonly target: number;
  /** Paths below `origin` to ask, found by asking the server with `get`. */
  paths(get: Get, base: string): Promise<readonly string[]>;
}

/** An authenticated GET of a path. */
export type Get = (path: string) => Promise<{ readonly bytes: Buffer; readonly json: unknown }>;

export interface RequestSizes {
  readonly staff: number;
  readonly rounds: number;
  readonly requestsPerRound: number;
}

/**
 * Requests/s of the whole server (token, scopes, store, durable audit) against a bare Fastify route that sends the same
 * bytes: rounds of both in turn, the load from this process. Throws unless the durable audit rows equal the requests.
 */
export async function benchRequests(bench: RequestBench, sizes: RequestSizes) {
  const trust = await ingestedTrust(sizes.staff);
  const from = new Date().toISOString();
  const server = await startServer(builtFile('server/main'), ['serve', '--port', '0', '--data', trust.data]);
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  try {
    const tokens = await Promise.all(Array.from({ length: tokensWanted }, () => tokenOf(server.url, trust)));
    const { get, counted } = getter(server.url, present(tokens[0], 'a token'));
    const paths = await bench.paths(get, `/t/${tenant}/fhir/v1`);
    const bodies: Record<string, string> = {};
    let bytes = 0;
    for (const path of paths) {
      const body = (await get(path)).bytes;
      bytes += body.length;
      bodies[path] = body.toString('base64');
    }
    const file = join(scratch, 'bodies.json');
    writeFileSync(file, JSON.stringify(bodies));
    const bare = await startServer(builtFile('scripts/bench/bare-process'), [file]);
    const measured = await rounds([server, bare], { paths, tokens }, sizes).finally(() => bare.stop());
    await server.stop();
    const sent = counted() + (sizes.rounds + 1) * sizes.requestsPerRound;
    const audited = await auditedSince(trust, from);
    if (audited !== sent) throw new Error(`${sent} requests were sent, the audit has ${audited}`);
    const { rounds: count, ...rest } = sizes;
    return {
      ...{ bench: bench.name, ...measured, target: bench.target },
      ...{ audited, ...rest, rounds: count, paths: paths.length, bytesPerAnswer: Math.round(bytes / paths.length) },
      machine: machine(),
    };
  } finally {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function rounds(
  [server, bare]: readonly [Started, Started],
  what: { readonly paths: readonly string[]; readonly tokens: readonly string[] },
  { rounds: count, requestsPerRound }: RequestSizes,
) {
  const ours: (LoadResult & { cpu: number })[] = [];
  const theirs: (LoadResult & { cpu: number })[] = [];
  const one = async (started: Started) => {
    const before = started.cpuSeconds() ?? Number.NaN;
    const result = await load({ ...what, url: started.url }, requestsPerRound);
    return { ...result, cpu: (((started.cpuSeconds() ?? Number.NaN) - before) / requestsPerRound) * 1e6 };
  };
  // The first round warms both up and counts for nothing.
  for (let at = 0; at <= count; at += 1) {
    const [our, their] = [await one(server), await one(bare)];
    if (at > 0) ours.push(our);
    if (at > 0) theirs.push(their);
  }
  const of = (results: typeof ours, key: keyof (typeof ours)[number]) => round(median(results.map((one) => one[key])));
  const ratios = ours.map((our, at) => our.requestsPerSecond / present(theirs[at], 'round').requestsPerSecond);
  return {
    ...{ requestsPerSecond: of(ours, 'requestsPerSecond'), bareFastify: of(theirs, 'requestsPerSecond') },
    ...{ ratio: round(median(ratios)), ratios: ratios.map(round) },
    ...{ p50Ms: of(ours, 'p50Ms'), p99Ms: of(ours, 'p99Ms') },
    cpuMicrosecondsPerRequest: { ours: of(ours, 'cpu'), bareFastify: of(theirs, 'cpu') },
  };
}

/** An access token from the server's own token endpoint, of the client's whole ceiling or of `scope`. */
export async function tokenOf(url: string, { client }: Trust, scope?: string): Promise<string> {
  const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
  });
  const { access_token: token } = (await answer.json()) as { readonly access_token?: string };
  return present(token, 'access token');
}

/** Asks over HTTP, and counts how often. */
export function getter(url: string, token: string): { readonly get: Get; counted(): number } {
  let count = 0;
  return {
    counted: () => count,
    async get(path) {
      count += 1;
      const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
      return { bytes, json: JSON.parse(bytes.toString()) as unknown };
    },
  };
}

/** Requests (tokens apart) that the tenant's audit log holds since a time. */
async function auditedSince({ data }: Trust, from: string): Promise<number> {
  const house = await openHouse({ data });
  try {
    const { audit } = house.store.tenant(grantTenant(tenant, 'operator'));
    let count = 0;
    let after: { at: string; writer: string; number: number } | undefined;
    for (;;) {
      const range = { from, descending: false, count: 5000, ...(after === undefined ? {} : { after }) };
      const rows = await audit.scan(range);
      count += rows.filter(({ bytes }) => auditEntry(bytes).kind === 'rest').length;
      after = rows.at(-1);
      if (after === undefined) return count;
    }
  } finally {
    await house.close();
  }
}
