import { tagSubsetted } from './subset.ts';

/**
 * Elements to leave out of a resource. `steps` are element names from the resource down; `extension:NAME` is the
 * extension of ours with that name. `kept`: of a list of identifiers, those stay whose system begins so.
 */
export interface MaskedPath {
  readonly steps: readonly string[];
  readonly kept?: readonly string[];
}

type Json = Record<string, unknown>;

/** To parse and write twenty resources is three quarters of a masked search: what was made goes with its bytes. */
const made = new WeakMap<readonly MaskedPath[], WeakMap<Buffer, Buffer>>();

/**
 * The bytes without those elements, tagged SUBSETTED, whether or not they were there: the tag tells nothing either.
 * Asked again with the same objects it gives the same object, as long as somebody holds `body` (a store's cache does).
 */
export function withoutElements(body: Buffer, paths: readonly MaskedPath[]): Buffer {
  const ofMask = made.get(paths) ?? new WeakMap<Buffer, Buffer>();
  const known = ofMask.get(body);
  if (known !== undefined) return known;
  const left = leftOf(body, paths);
  made.set(paths, ofMask.set(body, left));
  return left;
}

function leftOf(body: Buffer, paths: readonly MaskedPath[]): Buffer {
  const resource = JSON.parse(body.toString()) as Json;
  for (const { steps, kept } of paths) leaveOut(resource, steps, kept);
  return Buffer.from(JSON.stringify(tagSubsetted(resource)));
}

function leaveOut(node: Json, [step = '', ...more]: readonly string[], kept: readonly string[] | undefined): void {
  if (step.startsWith('extension:')) {
    leaveOutExtension(node, step.slice('extension:'.length));
    return;
  }
  const value = node[step];
  if (more.length > 0) {
    for (const child of Array.isArray(value) ? value : [value]) if (isObject(child)) leaveOut(child, more, kept);
    return;
  }
  const left = kept !== undefined && Array.isArray(value) ? value.filter((one) => hasKeptSystem(one, kept)) : [];
  if (left.length > 0) node[step] = left;
  else {
    delete node[step];
    delete node[`_${step}`];
  }
}

/** Absent rather than empty: FHIR allows no empty list. */
function leaveOutExtension(node: Json, name: string): void {
  const { extension } = node;
  if (!Array.isArray(extension)) return;
  const left = extension.filter(
    (one) => !isObject(one) || !String(one['url']).endsWith(`/StructureDefinition/${name}`),
  );
  if (left.length > 0) node['extension'] = left;
  else delete node['extension'];
}

function hasKeptSystem(identifier: unknown, kept: readonly string[]): boolean {
  const system = isObject(identifier) ? identifier['system'] : undefined;
  return typeof system === 'string' && kept.some((start) => system.startsWith(start));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
