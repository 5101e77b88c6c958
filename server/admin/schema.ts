import { permissionSetSchema } from '../auth/permission-set.ts';
import { exceptionStates, fileStates } from '../store/port.ts';

/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const text = { type: 'string' } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const flag = { type: 'boolean' } as const;
export const instant = { type: 'string', format: 'date-time' } as const;
export const texts = { type: 'array', items: text } as const;
const textOrNull = { type: ['string', 'null'] } as const;

/** An object with these members and no others; those named in `optional` may be missing. */
export function object(properties: Readonly<Record<string, JsonSchema>>, ...optional: readonly string[]): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

/** One page of a list; `next` is the `after` of the page that follows. */
export function pageOf(name: string, items: JsonSchema): JsonSchema {
  return object({ [name]: list(items), next: text }, 'next');
}

/** A component of the OpenAPI document. */
export function ref(name: keyof typeof components): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

const file = object(
  {
    ...{ id: text, tenant: text, name: text, format: text, kind: { enum: ['full', 'changes', 'unknown'] } },
    ...{ sha256: text, bytes: count, source: text, receivedAt: instant, state: { enum: fileStates }, reason: text },
    ...{ vpd: textOrNull, sequence: { type: ['integer', 'null'] }, windowFrom: textOrNull, windowTo: textOrNull },
    ...{ rows: count, dropped: count, quarantined: count, unchanged: count, applied: count, created: count },
    ...{ changed: count, removed: count, warnings: { type: 'object', additionalProperties: count } },
    ...{ seconds: { type: 'number' }, finishedAt: textOrNull, said: text },
  },
  ...['reason', 'said'],
);

const exceptionMembers = {
  ...{ id: text, file: text, line: count, record: text, rule: text, severity: { enum: ['error', 'warning'] } },
  ...{ field: textOrNull, message: text, owner: text, state: { enum: exceptionStates }, since: instant },
  ...{ closedAt: instant, waitsFor: text },
} as const;

const fault = { type: 'object', additionalProperties: true } as const;
const maskedRow = object(
  {
    ...{ action: text, start: textOrNull, end: textOrNull, fields: { type: 'object' } },
    ...{ faults: list(fault), cells: texts },
  },
  'cells',
);

const preview = object({
  ...{ file: text, name: text, reason: textOrNull, fault: textOrNull, rows: count, quarantined: count },
  ...{ created: count, changed: count, removed: count, complete: flag },
  examples: list(object({ change: { enum: ['created', 'changed', 'removed'] }, resource: text, elements: texts })),
});

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: text,
    title: text,
    status: { type: 'integer' },
    detail: text,
    instance: { type: 'string', description: 'the X-Request-ID' },
  },
} as const;

const reason = {
  type: 'object',
  required: ['reason'],
  properties: { reason: { type: 'string', description: 'why, for the audit; no personal data' } },
} as const;

const tenant = {
  type: 'object',
  description: 'the document of `tenant apply` and `tenant show`, its clients apart',
  required: ['id', 'name', 'ods', 'vpds'],
  properties: {
    ...{ id: text, name: text, ods: texts, vpds: texts, isolation: text, status: { enum: ['active', 'suspended'] } },
    ...{ contracts: texts, flags: { type: 'object', additionalProperties: flag }, settings: { type: 'object' } },
    ...{ csvProfiles: { type: 'array' }, sources: { type: 'array' } },
    ...{ rules: { type: 'array' }, owners: { type: 'array' } },
  },
  additionalProperties: false,
} as const;

const client = object(
  {
    ...{ client_id: text, name: text, tenant: textOrNull, admin: flag, scope: text, authentication: text },
    ...{ contracts: texts, status: { enum: ['active', 'disabled', 'pending'] }, permission_set: text },
    ...{ redirect_uris: texts, expires_at: instant, requests_per_minute: count, last_used: instant },
    client_secret: { type: 'string', description: 'shown this once' },
  },
  ...['admin', 'permission_set', 'redirect_uris', 'expires_at', 'requests_per_minute', 'last_used', 'client_secret'],
);

const user = object(
  {
    ...{ id: text, name: text, roles: texts, status: { enum: ['active', 'disabled'] } },
    password: { type: 'string', description: 'shown this once' },
  },
  'password',
);

const registrationToken = object(
  {
    ...{ id: text, tenant: text, scope: text, contracts: texts, uses: count, expires_at: instant },
    ...{ permission_set: text, registration_endpoint: text },
    token: { type: 'string', description: 'shown this once' },
  },
  ...['token', 'registration_endpoint', 'permission_set'],
);

/** Schemas that the OpenAPI document names. */
export const components = {
  Problem: problem,
  Reason: reason,
  File: file,
  ReceivedFile: object(
    { id: text, name: text, tenant: text, state: text, sha256: text, bytes: count, reason: text },
    'reason',
  ),
  Preview: preview,
  Exception: object(exceptionMembers, 'closedAt', 'waitsFor'),
  ExceptionWithRow: object({ ...exceptionMembers, row: maskedRow }, 'closedAt', 'waitsFor', 'row'),
  Tenant: tenant,
  Client: client,
  User: user,
  RegistrationToken: registrationToken,
  PermissionSet: permissionSetSchema,
  AuditEvent: {
    type: 'object',
    required: ['resourceType', 'id'],
    properties: { resourceType: { const: 'AuditEvent' } },
  },
  Trace: {
    type: 'object',
    required: ['files', 'records', 'versions', 'notifications', 'reads', 'complete'],
    properties: {
      ...{ file: { type: 'object' }, files: { type: 'array' }, records: { type: 'array' }, complete: flag },
      ...{ versions: { type: 'array' }, notifications: { type: 'array' }, reads: { type: 'array' } },
    },
    additionalProperties: false,
  },
} as const;
