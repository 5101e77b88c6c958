import { Ajv } from 'ajv';
import { AppError } from '../core/error.ts';
import { ownSchema } from '../core/own-schema.ts';
import { bindFilter } from '../search/bind-filter.ts';
import { searchParameters } from '../search/parameters.ts';
import { parseSearch } from '../search/parse.ts';
import { checkMask } from './element-mask.ts';
import type { Scope } from './scope.ts';
import { isResourceType } from './scope-types.ts';

/**
 * What the clients that are given it may do and see, within their scopes. A scope says what a client may ask for, a
 * permission set what of it the tenant shows (decision 0014).
 */
export interface PermissionSet {
  readonly name: string;
  /** Interactions (letters of `cruds`) by resource type; `*` stands for the types that are not named. */
  readonly resources: Readonly<Record<string, string>>;
  /** Every filter that is there must hold. */
  readonly rows: RowFilter;
  /** Groups and element paths (`element-mask.ts`). */
  readonly mask: readonly string[];
  /** Are staff shown whom the tenant has marked as sensitive? */
  readonly sensitive: boolean;
}

/** Whose roles are shown, and with them their people and positions. Left out: everybody's. */
export interface RowFilter {
  /** Ids of Organizations: those departments and all below them. */
  readonly departments?: readonly string[];
  /** Tokens (`code` or `system|code`) of the search parameter `staff-group`. */
  readonly staffGroups?: readonly string[];
  /** Ids of Locations: those sites and all places in them. */
  readonly sites?: readonly string[];
}

const everything = { resources: { '*': 'cruds' }, rows: {}, sensitive: false } as const;

/** There for every tenant, and not to be changed. */
export const builtInSets: Readonly<Record<'full' | 'default', PermissionSet>> = {
  /** All that the scopes say. */
  full: { name: 'full', ...everything, mask: [] },
  /** The least, for clients that nobody decided about. */
  default: { name: 'default', ...everything, mask: ['birth-date', 'gender', 'contact'] },
};

/** Of a client whose set is gone: nothing. */
export const noPermissions: PermissionSet = { name: 'none', resources: {}, rows: {}, mask: [], sensitive: false };

const letters = '^c?r?u?d?s?$';
const ids = {
  type: 'array',
  minItems: 1,
  maxItems: 500,
  uniqueItems: true,
  items: { type: 'string', pattern: '^[A-Za-z0-9.-]{1,64}$' },
} as const;

/** JSON Schema of a permission set as a document. */
export const permissionSetSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,39}$' },
    resources: {
      type: 'object',
      maxProperties: 50,
      additionalProperties: { type: 'string', minLength: 1, pattern: letters },
      default: { '*': 'cruds' },
    },
    rows: {
      type: 'object',
      additionalProperties: false,
      properties: {
        departments: ids,
        staffGroups: { ...ids, items: { type: 'string', minLength: 1, maxLength: 200 } },
        sites: ids,
      },
      default: {},
    },
    mask: { type: 'array', maxItems: 100, uniqueItems: true, items: { type: 'string', maxLength: 100 }, default: [] },
    sensitive: { type: 'boolean', default: false },
  },
  required: ['name'],
} as const;

const validate = new Ajv({ allErrors: true, useDefaults: true, ...ownSchema }).compile(permissionSetSchema);

/** A permission set from a document, checked, with defaults. Throws `invalid`, saying where. */
export function permissionSetFrom(document: unknown): PermissionSet {
  const candidate = structuredClone(document) as PermissionSet;
  if (!validate(candidate)) {
    const [first] = validate.errors ?? [];
    throw new AppError('invalid', `the permission set is not valid: ${first?.instancePath || '/'} ${first?.message}`);
  }
  const { name, resources, rows, mask } = candidate;
  if (Object.hasOwn(builtInSets, name) || name === noPermissions.name) {
    throw new AppError('invalid', `${name} is built in: choose another name`);
  }
  const unknown = Object.keys(resources).find((type) => type !== '*' && !isResourceType(type));
  if (unknown !== undefined) throw new AppError('invalid', `"${unknown}" is no resource type`);
  checkMask(mask);
  for (const group of rows.staffGroups ?? []) {
    if (tokenOf(group) === undefined) throw new AppError('invalid', 'a staff group is a code or system|code');
  }
  return candidate;
}

const vocabulary = searchParameters('urn:esr-fhir');

/** The predicate of a staff group as `staff-group=` would bind it. */
export function tokenOf(group: string) {
  const parsed = parseSearch(`staff-group=${encodeURIComponent(group)}`);
  const [parameter] = parsed.ok ? parsed.value : [];
  if (parameter === undefined) return undefined;
  const context = { parameters: vocabulary, reaches: new Set<string>(), base: '', now: 0 };
  const bound = bindFilter(parameter, 'PractitionerRole', context);
  return bound.ok ? bound.value : undefined;
}

/** Does it show of some type less than the scopes allow? */
export function narrowsView({ rows, mask }: PermissionSet): boolean {
  return mask.length > 0 || Object.keys(rows).length > 0;
}

/** Types by whose rows others can be told: whoever does not see everybody does not see the audit. */
const tellsOfEverybody = 'AuditEvent';

/**
 * What is left of a token's scopes under a permission set. The same list where that is everything: a look at it costs
 * nothing then.
 */
export function scopesUnder(scopes: readonly Scope[], set: PermissionSet): readonly Scope[] {
  const narrow = narrowsView(set);
  const names = Object.keys(set.resources);
  if (!narrow && names.length === 1 && set.resources['*'] === 'cruds') return scopes;
  const known = narrowed.get(scopes);
  if (known?.set === set) return known.scopes;
  const made = narrowedScopes(scopes, set, narrow);
  narrowed.set(scopes, { set, scopes: made });
  return made;
}

/** A token's scopes are asked about at every request: the same list and the same set give the same answer. */
const narrowed = new WeakMap<readonly Scope[], { readonly set: PermissionSet; readonly scopes: readonly Scope[] }>();

function narrowedScopes(scopes: readonly Scope[], set: PermissionSet, narrow: boolean): readonly Scope[] {
  const rest = set.resources['*'] ?? '';
  return scopes.flatMap((scope) => {
    // A wildcard is the types that are served: what it leaves out, one list can say of each.
    const types = scope.type === '*' ? [...vocabulary.keys()] : [scope.type];
    return types.flatMap((type) => {
      const allowed = narrow && type === tellsOfEverybody ? '' : (set.resources[type] ?? rest);
      const permissions = scope.permissions.filter((letter) => allowed.includes(letter));
      return permissions.length === 0 ? [] : [{ ...scope, type, permissions }];
    });
  });
}
