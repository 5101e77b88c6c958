import { elementsOf } from './elements.ts';

/**
 * Part of a resource: `_summary=true`, `text`, `data` (https://hl7.org/fhir/R4/search.html#summary) or `_elements`
 * (https://hl7.org/fhir/R4/search.html#elements).
 */
export type View =
  | { readonly is: 'summary' | 'text' | 'data' }
  | { readonly is: 'elements'; readonly names: ReadonlySet<string> };

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

interface ResourceJson {
  readonly resourceType: string;
  readonly meta?: { readonly tag?: readonly object[] };
  readonly [element: string]: unknown;
}

/** The bytes of that part, tagged SUBSETTED. Mandatory and modifier elements stay, `meta` and `id` as well. */
export function subset(body: Buffer, view: View): Buffer {
  const resource = JSON.parse(body.toString()) as ResourceJson;
  const keeps = keeper(resource.resourceType, view);
  // `_name` holds the id and extensions of the primitive `name`.
  const part = Object.entries(resource).filter(([name]) => keeps(name.startsWith('_') ? name.slice(1) : name));
  return Buffer.from(JSON.stringify(tagSubsetted(Object.fromEntries(part))));
}

/** The resource with the tag that says so once, however many parts were taken away. */
export function tagSubsetted(resource: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const meta = resource['meta'] as ResourceJson['meta'];
  const tag = (meta?.tag ?? []).filter((one) => (one as { readonly code?: unknown }).code !== subsetted.code);
  return { ...resource, meta: { ...meta, tag: [...tag, subsetted] } };
}

function keeper(type: string, view: View): (name: string) => boolean {
  const { summary, kept } = elementsOf(type);
  switch (view.is) {
    case 'summary':
      return (name) => kept.has(name) || summary.has(name);
    case 'text':
      return (name) => kept.has(name) || name === 'text';
    case 'data':
      return (name) => name !== 'text';
    case 'elements':
      return (name) => kept.has(name) || view.names.has(name);
  }
}
