/**
 * An authorization request's path and query, as the library will see it: `prompt=consent` is added where
 * `offline_access` is asked for without a prompt. The library drops that scope otherwise, and SMART apps send none.
 */
export function withConsentPrompt(path: string): string {
  const mark = path.indexOf('?');
  if (mark < 0) return path;
  const query = new URLSearchParams(path.slice(mark + 1));
  const offline = query.get('scope')?.split(' ').includes('offline_access') === true;
  if (!offline || query.has('prompt')) return path;
  query.set('prompt', 'consent');
  return `${path.slice(0, mark)}?${query}`;
}

/** Is it the authorization endpoint itself, not the way back from an interaction? */
export function isAuthorization(path: string): boolean {
  return path === '/auth' || path.startsWith('/auth?');
}
