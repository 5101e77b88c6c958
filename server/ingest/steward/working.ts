/** One role of somebody who works today, as reconciliation counts it. */
export interface Working {
  /** Id of the PractitionerRole. */
  readonly role: string;
  /** `Practitioner/id`. */
  readonly person: string;
  /** `Organization/id`; null where the role names no department. */
  readonly department: string | null;
  readonly departmentName: string | null;
  readonly fte: number;
}

export interface Tally {
  /** People, not roles. */
  readonly headcount: number;
  readonly fte: number;
}

interface Extension {
  readonly url: string;
  readonly valueDecimal?: number;
  readonly valueReference?: { readonly reference?: string; readonly display?: string };
}

interface Role {
  readonly id: string;
  readonly active?: boolean;
  readonly practitioner?: { readonly reference?: string };
  readonly extension?: readonly Extension[];
}

/** Reads a PractitionerRole of contract v1; undefined for one that is not active. */
export function workingOf(body: string): Working | undefined {
  const role = JSON.parse(body) as Role;
  if (role.active !== true) return undefined;
  const named = (name: string) => role.extension?.find(({ url }) => url.endsWith(`/StructureDefinition/${name}`));
  const department = named('department')?.valueReference;
  return {
    role: role.id,
    person: role.practitioner?.reference ?? '',
    department: department?.reference ?? null,
    departmentName: department?.display ?? null,
    fte: named('fte')?.valueDecimal ?? 0,
  };
}

export function tallyOf(roles: readonly Pick<Working, 'person' | 'fte'>[]): Tally {
  const fte = roles.reduce((sum, role) => sum + role.fte, 0);
  return { headcount: new Set(roles.map(({ person }) => person)).size, fte: Math.round(fte * 1000) / 1000 };
}
