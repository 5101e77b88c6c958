/** A resource as it is published. */
export interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

interface Extension {
  readonly url: string;
  readonly [value: string]: unknown;
}

interface Coding {
  readonly system?: string;
  readonly code?: string;
}

interface Concept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}

export interface Identifier {
  readonly system?: string;
  readonly value?: string;
}

/** The extension whose URL ends with `name`; each of ours stands once in a resource. */
function extensionOf(resource: Resource, name: string): Extension | undefined {
  for (const extension of (resource['extension'] ?? []) as readonly Extension[]) {
    const { url } = extension;
    if (url.endsWith(name) && url.charAt(url.length - name.length - 1) === '/') return extension;
  }
  return undefined;
}

/** The value of one of our extensions; `value` is `valueReference`, `valueDecimal` … */
export function extensionValue(resource: Resource, name: string, value: string): unknown {
  return extensionOf(resource, name)?.[value];
}

/** `Type/id`, or null. */
export function referenceOf(value: unknown): string | null {
  return (value as { readonly reference?: string } | undefined)?.reference ?? null;
}

/** The codes of these CodeableConcepts. */
export function codesOf(...concepts: readonly unknown[]): readonly string[] {
  const codes: string[] = [];
  for (const concept of concepts) {
    for (const { code } of (concept as Concept | undefined)?.coding ?? []) if (code !== undefined) codes.push(code);
  }
  return codes;
}

export function identifiersOf(resource: Resource): readonly Identifier[] {
  return (resource['identifier'] ?? []) as readonly Identifier[];
}

/** Names of the elements in which two versions differ, `meta` apart; of extensions their own names. */
export function changedElements(before: Resource, after: Resource): readonly string[] {
  const changed = new Set<string>();
  for (const name in { ...before, ...after }) {
    if (name === 'meta' || isSame(before[name], after[name])) continue;
    if (name !== 'extension') changed.add(name);
    else for (const one of changedExtensions(before, after)) changed.add(one);
  }
  return [...changed].sort();
}

/** Two versions mostly have the same extensions in the same places. */
function changedExtensions(before: Resource, after: Resource): readonly string[] {
  const was = (before['extension'] ?? []) as readonly Extension[];
  const is = (after['extension'] ?? []) as readonly Extension[];
  const rest = was.filter((one, place) => !isSame(one, is[place]));
  const others = is.filter((one, place) => !isSame(one, was[place]));
  const differing = [
    ...rest.filter((one) => !others.some((other) => isSame(one, other))),
    ...others.filter((one) => !rest.some((other) => isSame(one, other))),
  ];
  return differing.map(({ url }) => url.slice(url.lastIndexOf('/') + 1));
}

/** Equality of JSON values; comparing serialised elements took five times as long. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const one = a as Readonly<Record<string, unknown>>;
  const other = b as Readonly<Record<string, unknown>>;
  let keys = 0;
  for (const key in one) {
    if (!isSame(one[key], other[key])) return false;
    keys += 1;
  }
  return keys === Object.keys(other).length;
}
