import { compileExtract } from '../../server/search/extract.ts';
import type { Placed, Resolver } from '../../server/search/match.ts';
import type { StoredVersion } from '../../server/store/port.ts';
import { parameters } from './fhir-rig.ts';

const extract = compileExtract(parameters);

/** Stored versions as `search/match.ts` sees them. */
export function placed(versions: readonly StoredVersion[]): readonly Placed[] {
  return versions.map(({ type, id, sequence, at, body }) => ({
    type,
    id,
    sequence,
    at: Date.parse(at),
    index: extract(JSON.parse(body.toString())),
  }));
}

export function resolverOf(resources: readonly Placed[]): Resolver {
  const byName = new Map(resources.map((resource) => [`${resource.type}/${resource.id}`, resource]));
  const byTarget = new Map<string, Placed[]>();
  for (const resource of resources) {
    for (const entry of resource.index) {
      if (entry.kind !== 'reference') continue;
      const key = `${resource.type} ${entry.param} ${entry.target}`;
      const known = byTarget.get(key);
      if (known === undefined) byTarget.set(key, [resource]);
      else known.push(resource);
    }
  }
  return {
    get: (reference) => byName.get(reference),
    referring: (type, param, target) => byTarget.get(`${type} ${param} ${target}`) ?? [],
  };
}
