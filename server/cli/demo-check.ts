import type { DemoClient } from './demo-data.ts';

const contract = 'v1';
const types = ['Practitioner', 'PractitionerRole', 'Organization', 'Location'];

/** Uses the running demo as its clients would; returns what did not work. */
export async function demoCheck(url: string, clients: readonly DemoClient[]): Promise<readonly string[]> {
  const failures: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) failures.push(what);
  };
  for (const client of clients) {
    const base = `${url}/t/${client.tenant}/fhir/${contract}`;
    expect((await fetch(`${base}/metadata`)).status === 200, `${client.tenant} has no CapabilityStatement`);
    const headers = { authorization: `Bearer ${await tokenOf(url, client)}` };
    for (const type of types) {
      const answer = await fetch(`${base}/${type}?_count=1&_total=accurate`, { headers });
      const { total = 0 } = (await answer.json()) as { total?: number };
      expect(answer.status === 200 && total > 0, `${client.tenant} has no ${type}`);
    }
    for (const other of clients) {
      if (other === client) continue;
      const foreign = await fetch(`${url}/t/${other.tenant}/fhir/${contract}/Practitioner`, { headers });
      expect(foreign.status === 401, `a token of ${client.tenant} gets ${foreign.status} from ${other.tenant}`);
    }
  }
  return failures;
}

async function tokenOf(url: string, { id, secret }: DemoClient): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', headers: { authorization }, body });
  return ((await answer.json()) as { access_token?: string }).access_token ?? '';
}
