import { Ajv } from 'ajv';
import { isPrivateRange } from '../core/address.ts';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { ownSchema } from '../core/own-schema.ts';
import { csvOverlaySchema } from '../tenancy/csv-profile.ts';
import { ownersSchema, rulesSchema } from '../tenancy/rule.ts';
import { sourcesSchema } from '../tenancy/source.ts';
import { defaultSettings, isolationModels, normaliseVpd, type Tenant, tenantStatuses } from '../tenancy/tenant.ts';

const perMinute = { type: 'integer', minimum: 0, maximum: limits.requestsPerMinuteMax } as const;

const settingTypes = {
  workingStatuses: { type: 'array', items: { type: 'string', minLength: 1 } },
  population: { enum: ['complete', 'partial'] },
  absentFullFilesMin: { type: 'integer', minimum: 1, maximum: 100 },
  removalShareMax: { type: 'number', minimum: 0, maximum: 1 },
  publishBirthDate: { type: 'boolean' },
  publishBirthDateReason: { type: 'string' },
  firstFullFileIsBaseline: { type: 'boolean' },
  clientSecretAllowed: { type: 'boolean' },
  registrationApproval: { type: 'boolean' },
  egressPrivateRanges: { type: 'array', maxItems: 50, items: { type: 'string' } },
  publishEvents: { type: 'boolean' },
  requestsPerMinute: perMinute,
  clientRequestsPerMinute: perMinute,
} as const;

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'name', 'ods', 'vpds'],
  properties: {
    id: { type: 'string', pattern: '^[a-z0-9-]{1,64}$' },
    name: { type: 'string', minLength: 1, maxLength: 200 },
    ods: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', pattern: '^[A-Z0-9]{2,8}$' } },
    vpds: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', pattern: '^[0-9]{1,8}$' } },
    isolation: { enum: isolationModels, default: 'database' },
    status: { enum: tenantStatuses, default: 'active' },
    contracts: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', pattern: '^v[0-9]{1,4}$' },
      default: ['v1'],
    },
    flags: { type: 'object', additionalProperties: { type: 'boolean' }, default: {} },
    settings: { type: 'object', additionalProperties: false, properties: settingTypes, default: {} },
    csvProfiles: { type: 'array', maxItems: 50, items: csvOverlaySchema },
    ...{ sources: sourcesSchema, rules: rulesSchema, owners: ownersSchema },
  },
} as const;

const validate = new Ajv({
  allErrors: true,
  useDefaults: true,
  strictTypes: false,
  ...ownSchema,
}).compile(schema);

/** A tenant from a document (`tenant apply`, the store): checked, with defaults. Throws `invalid`, saying where. */
export function tenantFrom(document: unknown): Tenant {
  const candidate = structuredClone(document) as Tenant;
  if (!validate(candidate)) {
    const problems = (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const surplus: unknown = params['additionalProperty'];
      return `${instancePath || '/'} ${message ?? ''}${typeof surplus === 'string' ? `: "${surplus}"` : ''}`;
    });
    throw new AppError('invalid', `the tenant document is not valid: ${problems.join('; ')}`);
  }
  const tenant = {
    ...candidate,
    vpds: candidate.vpds.map(normaliseVpd),
    settings: { ...defaultSettings, ...candidate.settings },
  };
  if (tenant.settings.publishBirthDate && tenant.settings.publishBirthDateReason.trim() === '') {
    throw new AppError('invalid', 'publishBirthDate needs publishBirthDateReason: say why birth dates are published');
  }
  unique(
    'rules',
    tenant.rules?.map(({ id }) => id),
  );
  unique(
    'sources',
    tenant.sources?.map(({ feed }) => feed),
  );
  if (!tenant.settings.egressPrivateRanges.every(isPrivateRange)) {
    throw new AppError(
      'invalid',
      'egressPrivateRanges are CIDR ranges within private address space, like 10.20.0.0/16',
    );
  }
  return tenant;
}

function unique(what: string, names: readonly string[] = []): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new AppError('invalid', `the ${what} of a tenant name ${twice} once, not twice`);
}

/**
 * The tenant with one value changed, as `tenant set ID KEY VALUE` gives it: `name`, `ods`, `vpds` (comma-separated),
 * `flags.NAME` (true|false) or one of the settings. Throws `invalid`.
 */
export function withValue(tenant: Tenant, key: string, value: string): Tenant {
  const list = () => value.split(',').map((part) => part.trim());
  if (key === 'name') return tenantFrom({ ...tenant, name: value });
  if (key === 'ods' || key === 'vpds') return tenantFrom({ ...tenant, [key]: list() });
  if (key.startsWith('flags.')) {
    return tenantFrom({ ...tenant, flags: { ...tenant.flags, [key.slice(6)]: scalar(value) } });
  }
  const name = key.startsWith('settings.') ? key.slice(9) : key;
  if (!Object.hasOwn(settingTypes, name)) throw new AppError('invalid', `a tenant has no setting ${key}`);
  const text = name === 'publishBirthDateReason' || name === 'population';
  const several = name === 'workingStatuses' || name === 'egressPrivateRanges';
  const parsed = several ? list().filter((part) => part !== '') : text ? value : scalar(value);
  return tenantFrom({ ...tenant, settings: { ...tenant.settings, [name]: parsed } });
}

function scalar(value: string): string | number | boolean {
  if (value === 'true') return true;
  if (value === 'false') return false;
  const number = Number(value);
  return value.trim() !== '' && Number.isFinite(number) ? number : value;
}
