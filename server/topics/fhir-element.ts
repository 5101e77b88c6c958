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

/** The value of our extension whose URL ends with `name`; `value` is `valueReference`, `valueDecimal` … */
export function extensionValue(resource: Resource, name: string, value: string): unknown {
  const extensions = (resource['extension'] ?? []) as readonly Extension[];
  return extensions.find(({ url }) => url.endsWith(`/StructureDefinition/${name}`))?.[value];
}

/** `Type/id`, or null. */
export function referenceOf(value: unknown): string | null {
  return (value as { readonly reference?: string } | undefined)?.reference ?? null;
}

export function codesOf(concept: unknown): readonly string[] {
  return ((concept as Concept | undefined)?.coding ?? []).flatMap(({ code }) => (code === undefined ? [] : [code]));
}

export function identifiersOf(resource: Resource): readonly Identifier[] {
  return (resource['identifier'] ?? []) as readonly Identifier[];
}

/** Names of the elements in which two versions differ, `meta` apart; of extensions their own names. */
export function changedElements(before: Resource, after: Resource): readonly string[] {
  const was = elementsOf(before);
  const is = elementsOf(after);
  const names = new Set([...was.keys(), ...is.keys()]);
  return [...names].filter((name) => was.get(name) !== is.get(name)).sort();
}

function elementsOf(resource: Resource): ReadonlyMap<string, string> {
  const elements = new Map<string, string>();
  for (const [name, value] of Object.entries(resource)) {
    if (name === 'meta') continue;
    if (name !== 'extension') elements.set(name, JSON.stringify(value));
    else
      for (const extension of value as readonly Extension[]) {
        elements.set(extension.url.slice(extension.url.lastIndexOf('/') + 1), JSON.stringify(extension));
      }
  }
  return elements;
}
