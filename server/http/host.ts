/** The names that this server answers to; undefined: every one. */
export type AllowedHosts = ReadonlySet<string> | undefined;

/**
 * Values of the Host header that are answered (RFC 9110 section 7.4: 421 for others). No URL is made from the header;
 * caches and proxies in between may do it.
 *
 * @param publicUrl known at boot in production
 * @param more separated by commas
 */
export function allowedHosts(
  publicUrl: string | undefined,
  more: string | undefined,
  production: boolean,
): AllowedHosts {
  const named = (more ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (more === undefined && !production) return undefined;
  return new Set([
    ...(publicUrl === undefined ? [] : namesOf(new URL(publicUrl))),
    ...named.filter((name) => name !== ''),
  ]);
}

/** With and without the scheme's own port. */
function namesOf({ host, port, protocol }: URL): readonly string[] {
  return port === '' ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`] : [host];
}

export function answersTo(hosts: AllowedHosts, header: string | undefined): boolean {
  return hosts === undefined || (header !== undefined && hosts.has(header.toLowerCase()));
}
