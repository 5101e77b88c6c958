import { assert } from '../core/assert.ts';
import type { RecordKey } from '../record/record.ts';
import type { CompiledMapping } from './compile.ts';
import type { MappedResource, Scope } from './inputs.ts';
import type { FhirResource, ProjectedResource } from './projection.ts';
import type { Reader } from './reading.ts';

/** Fills a resource's template from `scope`. */
export function render(
  mapping: CompiledMapping,
  type: MappedResource,
  scope: Scope,
  reader: Reader,
  sources: readonly RecordKey[],
): ProjectedResource {
  const { canonicalBase, tenant } = reader.context;
  const elements = mapping.templates[type]({ scope, base: canonicalBase, tenant, warn: reader.warn });
  assert(isElements(elements), `the ${type} template makes an object with an id`);
  const resource: FhirResource = { resourceType: type, ...elements };
  return { type, id: resource.id, resource, sources };
}

function isElements(value: unknown): value is { readonly id: string } {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}
