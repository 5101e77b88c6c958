import { assert } from '../core/assert.ts';

/** A version of a resource in one contract. */
export interface VersionName {
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

const pattern = /^([A-Z][A-Za-z]+)\.([A-Za-z0-9.-]+)\.([1-9a-z][0-9a-z]*)$/;

/**
 * The Provenance id of a version: type, id and version (base 36), joined by full stops. Types and versions hold none,
 * so that the id in between may hold any character of a FHIR id.
 */
export function provenanceId({ type, id, version }: VersionName): string {
  const text = `${type}.${id}.${version.toString(36)}`;
  assert(text.length <= 64, 'a FHIR id has at most 64 characters');
  return text;
}

/** The version that a Provenance id names; undefined where it names none. */
export function provenanceTarget(id: string): VersionName | undefined {
  const [, type, target, digits] = pattern.exec(id) ?? [];
  if (type === undefined || target === undefined || digits === undefined || id.length > 64) return undefined;
  const version = Number.parseInt(digits, 36);
  return Number.isSafeInteger(version) ? { type, id: target, version } : undefined;
}
