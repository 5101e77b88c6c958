/** What a browser does during a login: cookies, redirects, forms. Scripts are not run: the pages have none. */
export interface Browser {
  /** Follows redirects as long as they stay at `home`; the answer that is not one, or that leads away. */
  open(url: string): Promise<Page>;
  submit(page: Page, form: Readonly<Record<string, string>>, headers?: Record<string, string>): Promise<Page>;
  forgetCookies(): void;
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
  /** Where a redirect leads that left `home`. */
  readonly away: URL | undefined;
}

interface Cookie {
  readonly path: string;
  readonly value: string;
}

/** `home`: origin of the server that the browser stays at. */
export function browser(home: string): Browser {
  const cookies = new Map<string, Cookie>();
  const cookieHeader = (path: string) =>
    [...cookies]
      .filter(([, cookie]) => path.startsWith(cookie.path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  const keep = (answer: Response) => {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/';
      const expires = attributes.find((one) => /^expires=/i.test(one))?.slice(8);
      if (value === '' || (expires !== undefined && Date.parse(expires) < Date.now())) cookies.delete(name);
      else cookies.set(name, { path, value });
    }
  };
  const go = async (first: string, init: RequestInit): Promise<Page> => {
    let url = first;
    let request = init;
    for (let hops = 0; hops < 10; hops += 1) {
      const { pathname } = new URL(url);
      const headers = { ...(request.headers as Record<string, string>), cookie: cookieHeader(pathname) };
      const answer = await fetch(url, { ...request, headers, redirect: 'manual' });
      keep(answer);
      const html = await answer.text();
      const location = answer.headers.get('location');
      const target = location === null ? undefined : new URL(location, url);
      if (target === undefined || target.origin !== home) {
        return { url, status: answer.status, html, headers: answer.headers, away: target };
      }
      url = target.href;
      request = { method: 'GET' };
    }
    throw new Error('too many redirects');
  };
  return {
    open: (url) => go(url, { method: 'GET' }),
    submit: (page, form, headers = {}) =>
      go(page.url, { method: 'POST', headers: { ...headers }, body: new URLSearchParams(form) }),
    forgetCookies: () => cookies.clear(),
  };
}

/** Logs in and consents, from the authorization request to the redirect URI with its code. */
export async function logIn(at: Browser, authorizationUrl: string, username: string, password: string): Promise<URL> {
  let page = await at.open(authorizationUrl);
  if (page.html.includes('name="password"')) page = await at.submit(page, { username, password, action: 'login' });
  if (page.away === undefined) page = await at.submit(page, { action: 'consent' });
  if (page.away === undefined) throw new Error(`no redirect to the app: ${page.status} ${page.html}`);
  return page.away;
}
