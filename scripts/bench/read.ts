import type { Get, RequestBench } from './requests.ts';

const resourcesWanted = 4_000;

/** Reads by id: https://hl7.org/fhir/R4/http.html#read, roles and practitioners in equal parts. */
export const readBench: RequestBench = {
  name: 'read',
  target: 0.4,
  async paths(get, base) {
    const paths = [];
    for (const type of ['Practitioner', 'PractitionerRole']) {
      paths.push(...(await someIds(get, base, type)).map((id) => `${base}/${type}/${id}`));
    }
    return paths;
  },
};

interface Page {
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: { readonly id: string } }[];
}

async function someIds(get: Get, base: string, type: string): Promise<readonly string[]> {
  const ids: string[] = [];
  let next: string | undefined = `${base}/${type}?_count=500`;
  while (next !== undefined && ids.length < resourcesWanted / 2) {
    const page = (await get(next)).json as Page;
    ids.push(...(page.entry ?? []).map(({ resource }) => resource.id));
    next = nextOf(page);
  }
  return ids.slice(0, resourcesWanted / 2);
}

/** Path and query of a page's `next` link. */
export function nextOf({ link }: Pick<Page, 'link'>): string | undefined {
  const url = link.find(({ relation }) => relation === 'next')?.url;
  return url === undefined ? undefined : url.replace(/^https?:\/\/[^/]+/, '');
}
