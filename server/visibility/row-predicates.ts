import { type PermissionSet, tokenOf } from '../auth/permission-set.ts';
import { both, type Rows } from '../auth/visibility.ts';
import { limits } from '../core/limits.ts';
import type { Predicate } from '../search/query.ts';
import type { ResourceReader } from '../store/port.ts';

const all: Predicate = { is: 'all' };

/**
 * The rows that a permission set shows, as predicates over the index: roles by their own department, staff group and
 * site, people by a role that is shown, positions by their department and staff group and, where sites count, by a role
 * that is shown; departments and sites themselves with what is below them and, so that the tree hangs together, above.
 * A filter that names something that is not there shows nobody.
 */
export async function rowPredicates(
  { rows }: PermissionSet,
  resources: Pick<ResourceReader, 'search' | 'targets'>,
  contract: string,
): Promise<Rows> {
  const tree = (type: string, roots: readonly string[] | undefined) =>
    roots === undefined ? undefined : withinTree(resources, contract, type, roots);
  const departments = await tree('Organization', rows.departments);
  const sites = await tree('Location', rows.sites);
  const inDepartment = departments === undefined ? all : refers('department', departments.below);
  const inGroup: Predicate =
    rows.staffGroups === undefined
      ? all
      : { is: 'or', of: rows.staffGroups.map((group) => tokenOf(group) ?? { is: 'none' }) };
  const onSite = sites === undefined ? all : refers('location', sites.below);
  const role = both(both(inDepartment, inGroup), onSite);
  const predicates = new Map<string, Predicate>();
  if (role.is !== 'all') {
    predicates.set('PractitionerRole', role);
    predicates.set('Practitioner', { is: 'has', type: 'PractitionerRole', param: 'practitioner', where: role });
    const held: Predicate = { is: 'has', type: 'PractitionerRole', param: 'position', where: role };
    predicates.set('Basic', both(both(inDepartment, inGroup), sites === undefined ? all : held));
  }
  if (departments !== undefined) predicates.set('Organization', named(departments));
  if (sites !== undefined) predicates.set('Location', named(sites));
  return predicates;
}

interface Tree {
  /** `Type/id` of the roots and of all below them. */
  readonly below: readonly string[];
  readonly above: readonly string[];
}

function refers(param: string, targets: readonly string[]): Predicate {
  return { is: 'reference', param, targets };
}

function named({ below, above }: Tree): Predicate {
  return { is: 'id', ids: [...below, ...above].map((name) => name.slice(name.indexOf('/') + 1)) };
}

/** By `partOf`, both ways; a circle in it ends the walk. */
async function withinTree(
  { search, targets }: Pick<ResourceReader, 'search' | 'targets'>,
  contract: string,
  type: string,
  roots: readonly string[],
): Promise<Tree> {
  const names = roots.map((id) => `${type}/${id}`);
  const sort = { by: 'id', descending: false } as const;
  const below = new Set(names);
  let level: readonly string[] = names;
  for (let depth = 0; level.length > 0 && depth < limits.organisationDepthMax; depth += 1) {
    const where = refers('partof', level);
    const query = { contract, type, where, sort, count: limits.departmentsPerTreeMax, total: false };
    const { matches } = await search(query);
    level = matches.map(({ id }) => `${type}/${id}`).filter((name) => !below.has(name));
    for (const name of level) below.add(name);
  }
  const above = new Set<string>();
  level = names;
  for (let depth = 0; level.length > 0 && depth < limits.organisationDepthMax; depth += 1) {
    const keys = level.map((name) => ({ contract, type, id: name.slice(type.length + 1) }));
    level = (await targets(keys, 'partof')).filter((name) => !above.has(name) && name.startsWith(`${type}/`));
    for (const name of level) above.add(name);
  }
  return { below: [...below], above: [...above] };
}
