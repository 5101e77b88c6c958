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
  const meta = { ...resource.meta, tag: [...(resource.meta?.tag ?? []), subsetted] };
  return Buffer.from(JSON.stringify({ ...Object.fromEntries(part), meta }));
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
