import { addDays } from '../core/clock.ts';
import type { DemoClient, DemoLogin } from './demo-data.ts';

const contract = 'v1';
const types = ['Practitioner', 'PractitionerRole', 'Organization', 'Location'];

/** The search for roles that begin tomorrow: after `today` (`YYYY-MM-DD`), and by the day after it. */
export function startersOfTomorrow(today: string): string {
  return `PractitionerRole?date=sa${today}&date=le${addDays(today, 1)}`;
}

/**
 * Uses the running demo as its clients would; returns what did not work.
 *
 * @param today of data that were made today
 */
export async function demoCheck(
  url: string,
  clients: readonly DemoClient[],
  today: string | undefined,
): Promise<readonly string[]> {
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
    if (today !== undefined) {
      const coming = await fetch(`${base}/${startersOfTomorrow(today)}`, { headers });
      const { entry = [] } = (await coming.json()) as { entry?: { resource: { active?: boolean } }[] };
      const known = entry.length > 0 && entry.every(({ resource }) => resource.active === false);
      expect(known, `${client.tenant} has no starter of tomorrow, or one who is active already`);
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

/** Logs in at the console as a browser would; returns what did not work. */
export async function consoleCheck(url: string, { name, password }: DemoLogin): Promise<readonly string[]> {
  const cookies = new Map<string, string>();
  const go = async (to: string, form?: Readonly<Record<string, string>>): Promise<{ url: string; html: string }> => {
    const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ');
    const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
    const answer = await fetch(to, { ...body, headers: { cookie }, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(key);
      else cookies.set(key, value);
    }
    const next = answer.headers.get('location');
    return next === null ? { url: to, html: await answer.text() } : go(new URL(next, to).href);
  };
  const login = await go(`${url}/console`);
  const consent = await go(login.url, { username: name, password, action: 'login' });
  const home = await go(consent.url, { action: 'consent' });
  return home.html.includes('Your organisations') ? [] : ['nobody can log in at the console'];
}
