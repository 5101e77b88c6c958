import { tenantIdPattern } from '../tenancy/tenant.ts';
import type { AdminRoute } from './route.ts';
import { adminRoutes } from './table.ts';

export interface AdminRouted {
  readonly route: AdminRoute;
  readonly tenant: string;
  readonly id: string;
}

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const compiled = adminRoutes.map((route) => ({ route, segments: route.path.split('/') }));

/**
 * The route of a path below `/admin/v1/`; the methods that the path knows where it does not know this one. Nothing is
 * decoded: tenants and ids have no character that needs it.
 */
export function findAdminRoute(method: string, path: string): AdminRouted | { readonly allow: string } | undefined {
  const parts = path.split('/');
  const wanted = method === 'HEAD' ? 'GET' : method;
  const allowed: string[] = [];
  for (const { route, segments } of compiled) {
    const found = match(segments, parts);
    if (found === undefined) continue;
    if (route.method === wanted) return { route, ...found };
    allowed.push(route.method);
  }
  return allowed.length === 0 ? undefined : { allow: allowed.join(', ') };
}

function match(segments: readonly string[], parts: readonly string[]) {
  if (segments.length !== parts.length) return undefined;
  let tenant = '';
  let id = '';
  for (const [at, segment] of segments.entries()) {
    const text = parts[at] ?? '';
    if (segment === '{tenant}' && tenantIdPattern.test(text)) tenant = text;
    else if (segment === '{id}' && idPattern.test(text)) id = text;
    else if (segment !== text) return undefined;
  }
  return { tenant, id };
}
