import { generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { present } from '../../server/core/assert.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, runForJson, startServer } from './processes.ts';
import { makeTenant, tenant } from './trust.ts';

/** Of one round; CPU in microseconds for each, which a busy machine disturbs less than it does speeds. */
interface Result {
  readonly tokens: number;
  readonly bare: number;
  readonly cpu: number;
  readonly bareCpu: number;
}

interface TokenSizes {
  readonly rounds: number;
  readonly requestsPerRound: number;
}

const connections = 16;
const main = builtFile('server/main');

/**
 * Tokens/s by `private_key_jwt` (ES384: one signature checked, one made, one single use kept, one durable audit row)
 * against bare ES384 signing and checking on one thread, in turn: target ≥ 0.4.
 */
export async function tokenBench({ rounds, requestsPerRound }: TokenSizes) {
  const data = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  try {
    const client = await keyedClient(data, publicKey);
    const server = await startServer(main, ['serve', '--port', '0', '--data', data]);
    try {
      const results: Result[] = [];
      const cpuNow = () => server.cpuSeconds() ?? Number.NaN;
      // The first round warms both up and counts for nothing.
      for (let at = 0; at <= rounds; at += 1) {
        const bare = barePairs(privateKey, publicKey, Math.min(1000, requestsPerRound));
        const forms = assertions(server.url, client, privateKey, requestsPerRound);
        const before = cpuNow();
        const tokens = await tokensPerSecond(server.url, forms);
        const cpu = ((cpuNow() - before) / requestsPerRound) * 1e6;
        if (at > 0) results.push({ ...bare, tokens, cpu });
      }
      const ratios = results.map(({ tokens, bare }) => tokens / bare);
      const cpuRatio = median(results.map(({ cpu, bareCpu }) => bareCpu / cpu));
      return {
        ...{ bench: 'token', tokensPerSecond: round(median(results.map(({ tokens }) => tokens))) },
        ...{ bareSignAndVerify: round(median(results.map(({ bare }) => bare))), ratio: round(median(ratios)) },
        ...{ ratios: ratios.map(round), target: 0.4, rounds, requestsPerRound, machine: machine() },
        cpuMicroseconds: {
          token: round(median(results.map(({ cpu }) => cpu))),
          signAndVerify: round(median(results.map(({ bareCpu }) => bareCpu))),
          ratio: round(cpuRatio),
        },
      };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function keyedClient(data: string, publicKey: KeyObject): Promise<string> {
  await makeTenant(data);
  const file = join(data, 'bench-jwks.json');
  writeFileSync(file, JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench' }] }));
  const flags = ['--tenant', tenant, '--name', 'bench', '--scope', 'system/*.rs', '--jwks', file];
  const { client_id: id } = await runForJson<{ readonly client_id: string }>(main, [
    ...['client', 'add', ...flags, '--data', data, '--json'],
  ]);
  return id;
}

/** Forms that a client has signed before the clock runs; each is good once. */
function assertions(url: string, client: string, key: KeyObject, count: number): readonly string[] {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const header = encode({ alg: 'ES384', typ: 'JWT', kid: 'bench' });
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, () => {
    const claims = { iss: client, sub: client, aud: `${url}/oauth/token`, iat: now, exp: now + 290, jti: randomUUID() };
    const signed = `${header}.${encode(claims)}`;
    const signature = sign('sha384', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${signed}.${signature.toString('base64url')}`,
    }).toString();
  });
}

async function tokensPerSecond(url: string, forms: readonly string[]): Promise<number> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  let connection = 0;
  const setupClient = (client: autocannon.Client) => {
    const own = connection++ % connections;
    const share = forms.filter((_, index) => index % connections === own);
    client.setRequests(share.map((body) => ({ method: 'POST', path: '/oauth/token', headers, body })));
  };
  const amount = forms.length;
  const result = await autocannon({ url, connections, amount, sampleInt: 10, setupClient });
  const good = result['2xx'];
  if (good !== amount) throw new Error(`${good} of ${amount} token requests were answered with a token`);
  return amount / ((result.finish.getTime() - result.start.getTime()) / 1000);
}

function barePairs(key: KeyObject, publicKey: KeyObject, count: number): Pick<Result, 'bare' | 'bareCpu'> {
  const bytes = Buffer.alloc(400, 'x');
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  let last: Buffer | undefined;
  for (let n = 0; n < count; n += 1) {
    last = sign('sha384', bytes, { key, dsaEncoding: 'ieee-p1363' });
    if (!verify('sha384', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, last)) throw new Error('bad signature');
  }
  present(last, 'a signature');
  const { user, system } = process.cpuUsage(cpuBefore);
  return { bare: count / ((performance.now() - began) / 1000), bareCpu: (user + system) / count };
}
