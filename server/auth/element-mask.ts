import { AppError } from '../core/error.ts';
import { elementsOf } from '../fhir/elements.ts';
import type { MaskedPath } from '../fhir/mask.ts';
import type { SearchParameter, SearchParameters } from '../search/parameters.ts';

/** Elements that go together under a name, `Type.path` each; `[registrations]` leaves the other identifiers. */
const groups = {
  'birth-date': ['Practitioner.birthDate'],
  gender: ['Practitioner.gender'],
  contact: ['Practitioner.telecom', 'Practitioner.address', 'PractitionerRole.telecom'],
  registrations: ['Practitioner.qualification', 'Practitioner.identifier[registrations]'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What a client does not see, nor ask about. */
export interface ElementMask {
  /** As the permission set names them, sorted. */
  readonly names: readonly string[];
  paths(type: string): readonly MaskedPath[];
  /** The parameters that are left: of a masked element none, of the identifiers those that name a system. */
  readonly parameters: SearchParameters;
}

const typeOf = /^([A-Z][A-Za-z]+)\./;
const pathGrammar =
  /^[A-Z][A-Za-z]+\.(?:identifier\[registrations\]|extension:[a-z][a-z-]*|[a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*){0,3})$/;
const maskedTypes: ReadonlySet<string> = new Set([
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
  'Basic',
]);

/**
 * Checks the names of a mask: groups, or paths like `Practitioner.name.prefix` and `PractitionerRole.extension:grade`.
 * Throws `invalid`: unknown types and elements, and elements that no resource of the type can be without.
 */
export function checkMask(names: readonly string[]): void {
  for (const name of names) {
    if (Object.hasOwn(groups, name)) continue;
    const type = typeOf.exec(name)?.[1] ?? '';
    const steps = stepsOf(name);
    const [element = ''] = (steps[0] ?? '').split(':');
    const known = pathGrammar.test(name) && maskedTypes.has(type) && elementsOf(type).all.has(element);
    if (!known || elementsOf(type).kept.has(element)) {
      const all = Object.keys(groups).join(', ');
      throw new AppError('invalid', `a mask names ${all}, or an optional element like Practitioner.name.prefix`);
    }
  }
}

/**
 * The mask of these names. `kept`: how the systems of identifiers begin that are no registrations.
 */
export function elementMask(
  names: readonly string[],
  parameters: SearchParameters,
  kept: readonly string[],
): ElementMask | undefined {
  if (names.length === 0) return undefined;
  const all: readonly string[] = names.flatMap((name) =>
    Object.hasOwn(groups, name) ? [...groups[name as keyof typeof groups]] : [name],
  );
  const byType = new Map<string, MaskedPath[]>();
  for (const path of all) {
    const type = typeOf.exec(path)?.[1] ?? '';
    const masked = { steps: stepsOf(path), ...(path.endsWith('[registrations]') ? { kept } : {}) };
    byType.set(type, [...(byType.get(type) ?? []), masked]);
  }
  const left = new Map([...parameters].map(([type, of]) => [type, visible(of, byType.get(type) ?? [])]));
  return { names: [...names].sort(), paths: (type) => byType.get(type) ?? [], parameters: left };
}

function stepsOf(path: string): readonly string[] {
  return path.replace(typeOf, '').replace('[registrations]', '').split('.');
}

function visible(
  ofType: ReadonlyMap<string, SearchParameter>,
  masked: readonly MaskedPath[],
): ReadonlyMap<string, SearchParameter> {
  const left = new Map<string, SearchParameter>();
  for (const [code, parameter] of ofType) {
    const touching = masked.filter(({ steps }) => branches(parameter).some((branch) => overlap(branch, steps)));
    const systems = touching.every(({ kept }) => kept !== undefined) ? touching.flatMap(({ kept = [] }) => kept) : [];
    if (touching.length === 0) left.set(code, parameter);
    else if (systems.length > 0) left.set(code, { ...parameter, systems });
  }
  return left;
}

const ownExtension = /\.extension\.where\(url='[^']*\/StructureDefinition\/([^']+)'\)\.value/;

/** The steps of each branch of a search path, without its type and conditions. */
function branches({ path }: SearchParameter): readonly (readonly string[])[] {
  return path.split(' | ').map((branch) =>
    branch
      .replace(ownExtension, '.extension:$1')
      .replace(/\.where\([^)]*\)/g, '')
      .split('.')
      .slice(1),
  );
}

/** One is above the other: what is searched shows what is masked. */
function overlap(a: readonly string[], b: readonly string[]): boolean {
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at += 1) {
    if (a[at] === b[at]) continue;
    // `extension` as a whole is above every extension.
    const [one = '', other = ''] = [a[at], b[at]];
    return one === 'extension' ? other.startsWith('extension:') : other === 'extension' && one.startsWith('extension:');
  }
  return true;
}
