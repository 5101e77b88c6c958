import { nextOf } from './read.ts';
import type { Get, RequestBench } from './requests.ts';

const cursorsWanted = 150;
const departmentsWanted = 450;
const count = 20;

/**
 * Pages of twenty roles of an organisation, the active ones: the employer's at many cursors, and many departments' at
 * their first page.
 */
export const searchBench: RequestBench = {
  name: 'search',
  target: 0.25,
  async paths(get, base) {
    const first = await employer(get, base);
    const roles = `${base}/PractitionerRole?organization=${first}&active=true&_count=${count}`;
    const paths: string[] = [];
    let next: string | undefined = roles;
    while (next !== undefined && paths.length < cursorsWanted) {
      const page: Page = (await get(next)).json as Page;
      if (page.entry?.length === count) paths.push(next);
      next = nextOf(page);
    }
    const departments = await idsOf(get, `${base}/Organization?_count=500`);
    for (const id of departments) {
      if (paths.length >= cursorsWanted + departmentsWanted) break;
      const path = `${base}/PractitionerRole?organization=${first}&department=${id}&active=true&_count=${count}`;
      if (((await get(path)).json as Page).entry?.length === count) paths.push(path);
    }
    return paths;
  },
};

interface Page {
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: Resource }[];
}

interface Resource {
  readonly id: string;
  readonly organization?: { readonly reference: string };
}

/** The organisation that the first role names. */
async function employer(get: Get, base: string): Promise<string> {
  const page = (await get(`${base}/PractitionerRole?active=true&_count=1`)).json as Page;
  return page.entry?.[0]?.resource.organization?.reference ?? '';
}

async function idsOf(get: Get, path: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const page: Page = (await get(next)).json as Page;
    ids.push(...(page.entry ?? []).map(({ resource }) => `Organization/${resource.id}`));
    next = nextOf(page);
  }
  return ids;
}
