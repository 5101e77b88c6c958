import { issuerUrl } from '../auth/base.ts';
import { newRegistrationToken, type RegistrationToken } from '../auth/registration-token.ts';
import { AppError } from '../core/error.ts';
import { registrationTokens } from '../registry/registration-tokens.ts';
import type { AdminAnswer, AdminContext, AdminRequest, AdminRoute } from './route.ts';
import { count, flag, instant, list, object, ref, text, texts } from './schema.ts';

function shown({ id, tenant, scope, contracts, uses, expiresAt, permissionSet }: RegistrationToken) {
  const set = permissionSet === undefined ? {} : { permission_set: permissionSet };
  return { id, tenant, scope, contracts, uses, expires_at: expiresAt, ...set };
}

async function listTokens({ deps, stewardship }: AdminContext): Promise<AdminAnswer> {
  const tokens = await registrationTokens(deps.documents).list(stewardship.tenant.id);
  return { status: 200, body: { tokens: tokens.map(shown) } };
}

interface Wish {
  readonly scope: string;
  readonly expires_at: string;
  readonly uses?: number;
  readonly contracts?: readonly string[];
  readonly permission_set?: string;
}

async function addToken({ deps, stewardship }: AdminContext, { json }: AdminRequest): Promise<AdminAnswer> {
  const { scope, expires_at: expiresAt, uses = 1, contracts, permission_set: permissionSet } = json as Wish;
  const { tenant } = stewardship;
  const lost = contracts?.find((contract) => !tenant.contracts.includes(contract));
  if (lost !== undefined) throw new AppError('invalid', `contract ${lost} is not live for the tenant`);
  if (permissionSet !== undefined) await deps.permissionSets.get(tenant.id, permissionSet);
  const { token, text } = newRegistrationToken(
    {
      ...{ tenant: tenant.id, scope, uses, contracts: contracts ?? tenant.contracts },
      ...(permissionSet === undefined ? {} : { permissionSet }),
      expiresAt: new Date(expiresAt).toISOString(),
    },
    deps.clock.now().toISOString(),
  );
  await registrationTokens(deps.documents).add(token);
  const body = { ...shown(token), token: text, registration_endpoint: `${issuerUrl(deps.publicUrl())}/reg` };
  return { status: 201, id: token.id, body };
}

async function revokeToken({ deps, stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  const tokens = registrationTokens(deps.documents);
  const token = await tokens.find(id);
  if (token?.tenant !== stewardship.tenant.id) throw new AppError('not-found', 'there is no such registration token');
  await tokens.remove(id, stewardship.tenant.id);
  return { status: 200, id, body: { id, revoked: true } };
}

const path = 'tenants/{tenant}/registration-tokens';

export const registrationTokenRoutes: readonly AdminRoute[] = [
  {
    ...{ method: 'GET', path, operation: 'list-registration-tokens', scope: 'admin/clients.read', parameters: [] },
    summary: 'The tokens with which vendors may register clients of the tenant.',
    answer: { status: 200, description: 'tokens', schema: object({ tokens: list(ref('RegistrationToken')) }) },
    run: listTokens,
  },
  {
    ...{ method: 'POST', path, operation: 'add-registration-token', scope: 'admin/clients.write', parameters: [] },
    summary: 'Lets a vendor register its own clients (RFC 7591) within a ceiling; the token is shown this once.',
    body: object(
      { scope: text, expires_at: instant, uses: { ...count, minimum: 1 }, contracts: texts, permission_set: text },
      ...['uses', 'contracts', 'permission_set'],
    ),
    answer: { status: 201, description: 'the token', schema: ref('RegistrationToken') },
    run: addToken,
  },
  {
    ...{ method: 'DELETE', path: `${path}/{id}`, operation: 'revoke-registration-token', parameters: [] },
    scope: 'admin/clients.write',
    summary: 'Takes a registration token back; clients that it made stay.',
    answer: { status: 200, description: 'done', schema: object({ id: text, revoked: flag }) },
    run: revokeToken,
  },
];
