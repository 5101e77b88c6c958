import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { CodeListDocument } from '../../../server/mapping/code-list.ts';
import { mappingFiles } from '../../support/esr-records.ts';

interface Definition {
  readonly resourceType: string;
  readonly id: string;
  readonly url?: string;
  readonly concept?: readonly { readonly code: string; readonly display: string }[];
  readonly uniqueId?: readonly { readonly value: string }[];
}

const folder = new URL('../../../profiles/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const names = readdirSync(folder).filter((name) => name !== 'manifest.json');
const definitions = names.map((name) => read(name) as Definition);
const files = mappingFiles();
const templates = files.resources.map(({ text }) => text).join('\n');
const lists = files.codes.map(({ text }) => JSON.parse(text) as CodeListDocument);
const used = (pattern: RegExp, text = templates) =>
  [...new Set([...text.matchAll(pattern)].map(([url]) => url))].sort();
const urls = (type: string) =>
  definitions
    .filter(({ resourceType }) => resourceType === type)
    .map(({ url, uniqueId }) => url ?? uniqueId?.[0]?.value ?? '')
    .sort();

/** What of ours the renderings of rows name: they say it in code, `url('x')` in Provenance, a whole URL elsewhere. */
function rendered(kind: string): readonly string[] {
  const server = new URL('../../../server/', import.meta.url);
  const inCode = ['lineage/provenance.ts', 'events/about.ts', 'auth/subscription-owner.ts'];
  const code = [...inCode, ...readdirSync(new URL('audit/', server)).map((name) => `audit/${name}`)]
    .map((name) => readFileSync(new URL(name, server), 'utf8'))
    .join('\n');
  const whole = new RegExp(`\\$\\{canonicalBase\\}/${kind}/([\\w-]+)`, 'g');
  const patterns = kind === 'StructureDefinition' ? [whole, /url\('([\w-]+)'\)/g] : [whole];
  const named = patterns.flatMap((pattern) => [...code.matchAll(pattern)]);
  return [...new Set(named.map(([, name]) => `{base}/${kind}/${name}`))];
}

describe('Profiles', () => {
  it('define exactly the extensions and profiles of ours that the mapping, Provenance and AuditEvent use', () => {
    const mapped = used(/\{base\}\/StructureDefinition\/[\w-]+/g);
    expect(urls('StructureDefinition')).to.deep.equal([...mapped, ...rendered('StructureDefinition')].sort());
  });

  it('define exactly the identifier systems of ours that the mapping uses', () => {
    expect(urls('NamingSystem')).to.deep.equal(used(/\{base\}\/Id\/\{tenant\}\/[\w-]+/g));
  });

  it('define exactly the code systems of ours that the mapping publishes, with the codes of its lists', () => {
    const coded = new Set([...templates.matchAll(/"coding": "([\w-]+)"/g)].map(([, name]) => name));
    const published = lists.filter(({ list, system }) => coded.has(list) && system.startsWith('{base}'));
    const systems = [
      ...used(/\{base\}\/CodeSystem\/[\w-]+/g),
      ...published.map(({ system }) => system),
      ...rendered('CodeSystem'),
    ];
    expect(urls('CodeSystem')).to.deep.equal(systems.sort());
    for (const { system, concepts } of published) {
      const own = definitions
        .find(({ url }) => url === system)
        ?.concept?.map(({ code, display }) => ({ code, display }));
      expect(own, system).to.deep.equal(concepts.map(({ code, display }) => ({ code, display })));
    }
  });

  it('bind and search only what they define', () => {
    const text = JSON.stringify(definitions);
    expect(used(/\{base\}\/ValueSet\/[\w-]+/g, text)).to.deep.equal(urls('ValueSet'));
    expect(used(/\{base\}\/StructureDefinition\/[\w-]+/g, text)).to.deep.equal(urls('StructureDefinition'));
    expect(used(/\{base\}\/CodeSystem\/[\w-]+/g, text)).to.deep.equal(urls('CodeSystem'));
  });

  it('are named by type and id, and listed in the manifest', () => {
    expect(definitions.map(({ resourceType, id }) => `${resourceType}-${id}.json`)).to.deep.equal(names);
    const manifest = read('manifest.json') as { readonly resources: readonly { readonly file: string }[] };
    expect(manifest.resources.map(({ file }) => file).sort()).to.deep.equal([...names].sort());
  });
});
