import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { adminAreas, parseAdminScopes } from './admin-scope.ts';
import { covers, parseScopes, splitScope } from './scope.ts';

interface CeilingKind {
  readonly admin: boolean;
  /** It can keep no secret, so that it is nobody by itself. */
  readonly isPublic: boolean;
  /** It logs people in. */
  readonly people: boolean;
}

const areas = `one of ${adminAreas.join(', ')}`;

/**
 * The scopes that a client may have, checked and written one space apart, each once. Throws `invalid`: unknown scopes,
 * scopes of a person where it logs nobody in, and `system` scopes for what cannot keep a secret.
 */
export function clientCeiling(text: string, { admin, isPublic, people }: CeilingKind): string {
  const normal = [...new Set(text.trim().split(/\s+/))].join(' ');
  if (normal.length > limits.scopeBytesMax) throw new AppError('invalid', 'the scopes are too many for one token');
  if (admin) {
    const { identity, resource } = splitScope(normal);
    if (parseAdminScopes(resource) !== undefined && (people || identity.length === 0)) return normal;
    throw new AppError('invalid', `a scope of the management API is admin/AREA.read or .write, AREA ${areas}`);
  }
  const { identity, resource } = splitScope(normal);
  const scopes = resource === '' && identity.length > 0 ? [] : parseScopes(resource);
  if (scopes === undefined || scopes.some((scope) => !covers(scopes, scope))) {
    throw new AppError(
      'invalid',
      'a scope must look like system/Practitioner.rs, system/*.rs or system/Organization.read',
    );
  }
  if (!people && (identity.length > 0 || scopes.some(({ level }) => level === 'user'))) {
    throw new AppError('invalid', 'user scopes, openid and offline_access need a redirect URI');
  }
  if (isPublic && scopes.some(({ level }) => level === 'system')) {
    throw new AppError('invalid', 'a public client has no system scopes');
  }
  return normal;
}
