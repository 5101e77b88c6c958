/** SMART App Launch 2.2 scopes, section "Scopes for requesting FHIR resources". */
export const permissionLetters = ['c', 'r', 'u', 'd', 's'] as const;
export type Permission = (typeof permissionLetters)[number];

export interface Scope {
  readonly text: string;
  readonly level: 'system' | 'user' | 'patient';
  /** A FHIR resource type or `*`. */
  readonly type: string;
  readonly permissions: readonly Permission[];
}
