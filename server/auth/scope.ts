import type { Parameter } from '../search/parse.ts';
import { granularParameters, narrows } from './granular-scope.ts';
import { isResourceType } from './scope-types.ts';

/** SMART App Launch 2.2 scopes, section "Scopes for requesting FHIR resources". */
const permissionLetters = ['c', 'r', 'u', 'd', 's'] as const;
export type Permission = (typeof permissionLetters)[number];

export interface Scope {
  readonly text: string;
  readonly level: 'system' | 'user' | 'patient';
  /** A FHIR resource type or `*`. */
  readonly type: string;
  readonly permissions: readonly Permission[];
  /** Of a granular scope: what a resource must match, every one of them. */
  readonly params?: readonly Parameter[];
}

/** Types that say who did what to whom: a wildcard covers neither, they are asked for by name (interface.md). */
const askedForByName: ReadonlySet<string> = new Set(['AuditEvent', 'Provenance']);

const version1: Readonly<Record<string, readonly Permission[]>> = {
  read: ['r', 's'],
  write: ['c', 'u', 'd'],
  '*': ['c', 'r', 'u', 'd', 's'],
};

const syntax = /^(system|user|patient)\/(\*|[A-Z][A-Za-z]*)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(.*))?$/;

/**
 * One scope, version 1 (`.read`, `.write`, `.*`) or 2 (letters of `cruds`, each once and in this order), the latter
 * perhaps with `?param=value`. Undefined for anything else: letters out of order and unknown resource types included.
 */
function parseScope(text: string): Scope | undefined {
  const [, level, type, rights, granular] = syntax.exec(text) ?? [];
  if (level === undefined || type === undefined || rights === undefined) return undefined;
  if (type !== '*' && !isResourceType(type)) return undefined;
  const permissions = version1[rights] ?? permissionLetters.filter((letter) => rights.includes(letter));
  const scope = { text, level: level as Scope['level'], type, permissions };
  if (granular === undefined) return scope;
  const params = Object.hasOwn(version1, rights) ? undefined : granularParameters(type, granular);
  return params === undefined ? undefined : { ...scope, params };
}

/**
 * The scopes of a `scope` parameter or claim (RFC 6749 section 3.3: one space between two), repetitions dropped.
 * Undefined where it is empty or any of them is unknown: an unknown scope is never ignored.
 */
export function parseScopes(text: string): readonly Scope[] | undefined {
  const scopes: Scope[] = [];
  for (const part of new Set(text.split(' '))) {
    const scope = parseScope(part);
    if (scope === undefined) return undefined;
    scopes.push(scope);
  }
  return scopes;
}

/** Scopes of OpenID Connect and of offline access (SMART 2.2): about the person, not about resources. */
export const identityScopes: ReadonlySet<string> = new Set(['openid', 'fhirUser', 'offline_access']);

/** A scope text in its two parts. */
export function splitScope(text: string): { readonly identity: readonly string[]; readonly resource: string } {
  const all = [...new Set(text.split(' '))];
  const identity = all.filter((scope) => identityScopes.has(scope));
  return { identity, resource: all.filter((scope) => !identityScopes.has(scope)).join(' ') };
}

/**
 * May somebody with this ceiling hold `asked`? Every letter must be covered, by one scope of the same level or by
 * several; what a granular scope of the ceiling leaves out, `asked` must leave out in the same words. `patient` scopes
 * are granted to nobody: the data are about staff.
 */
export function covers(ceiling: readonly Scope[], asked: Scope): boolean {
  if (asked.level === 'patient') return false;
  const same = ceiling.filter(
    ({ level, params }) => level === asked.level && (params === undefined || narrows(asked.params ?? [], params)),
  );
  return asked.permissions.every((letter) => same.some((scope) => permits(scope, asked.type, letter)));
}

/**
 * Does a token with these scopes allow the interaction behind `letter` (SMART 2.2: r, s, c, u, d) on a type? Of a
 * granular scope: on some of its resources; which, `visibility.ts` says.
 */
export function allows(access: { readonly scopes: readonly Scope[] }, type: string, letter: Permission): boolean {
  return access.scopes.some((scope) => permits(scope, type, letter));
}

/** `type` may be `*`, which a wildcard alone covers: "all types" is more than any list of them. */
export function permits(scope: Scope, type: string, letter: Permission): boolean {
  if (scope.level === 'patient' || !scope.permissions.includes(letter)) return false;
  return scope.type === type || (scope.type === '*' && !askedForByName.has(type));
}
