import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import { compileExtract } from '../../../server/search/extract.ts';
import { searchParameters } from '../../../server/search/parameters.ts';
import { compilePath } from '../../../server/search/path.ts';
import { indexSchema } from '../../../server/search/schema.ts';
import {
  basic,
  canonicalBase,
  exampleResources,
  location,
  organization,
  practitioner,
  practitionerRole,
} from './example-resources.ts';

const parameters = searchParameters(canonicalBase);
const extract = compileExtract(parameters);

describe('search/extract', () => {
  it('selects exactly what fhirpath with its R4 model selects, for every parameter', () => {
    let selected = 0;
    for (const resource of exampleResources) {
      for (const { path, of } of parameters.get(resource.resourceType)?.values() ?? []) {
        const ours: unknown[] = [];
        compilePath(path, of)(resource, (element) => ours.push(element));
        const theirs = fhirpath.evaluate(resource, path, {}, r4, { async: false });
        expect(ours, path).to.deep.equal(theirs);
        selected += ours.length;
      }
    }
    expect(selected).to.be.greaterThan(50);
  });

  it('defines its own parameters as their SearchParameter resources do', () => {
    const folder = new URL('../../../profiles/', import.meta.url);
    const own = readdirSync(folder).filter((name) => name.startsWith('SearchParameter-'));
    let defined = 0;
    for (const name of own) {
      const text = readFileSync(new URL(name, folder), 'utf8').replaceAll('{base}', canonicalBase);
      const { url, code, type, base, expression } = JSON.parse(text);
      for (const [at, of] of (base as readonly string[]).entries()) {
        const parameter = parameters.get(of)?.get(code);
        expect(parameter, name).to.deep.include({ definition: url, kind: type, path: expression.split(' | ')[at] });
        defined++;
      }
    }
    const ours = [...parameters.values()].flatMap((ofType) => [...ofType.values()]);
    expect(ours.filter(({ definition }) => definition.startsWith(canonicalBase))).to.have.length(defined);
  });

  it('gives every parameter of every type a value in the example resources', () => {
    for (const resource of exampleResources) {
      const given = new Set(extract(resource).map((entry) => entry.param));
      const all = [...(parameters.get(resource.resourceType)?.keys() ?? [])];
      expect(all.filter((code) => !given.has(code))).to.deep.equal([]);
    }
  });

  it('makes only entries that the schema announces, single values where it says so, and none twice', () => {
    const schema = indexSchema(parameters);
    for (const resource of exampleResources) {
      const entries = extract(resource);
      for (const entry of entries) {
        const announced = schema[resource.resourceType]?.find(({ param }) => param === entry.param);
        expect(announced?.kind, entry.param).to.equal(entry.kind);
        const same = entries.filter(({ param }) => param === entry.param);
        if (announced?.multiple === false) expect(same, entry.param).to.have.length(1);
        expect(new Set(same.map((one) => JSON.stringify(one)))).to.have.property('size', same.length);
      }
    }
  });

  it('indexes names with their folded form, every part under name', () => {
    const entries = extract(practitioner);
    expect(entries.filter(({ param }) => param === 'family')).to.deep.equal([
      { param: 'family', kind: 'string', value: 'Jones', folded: 'jones' },
      { param: 'family', kind: 'string', value: "O'Brien", folded: "o'brien" },
    ]);
    const names = entries.flatMap((entry) => (entry.kind === 'string' && entry.param === 'name' ? [entry.folded] : []));
    expect(names).to.deep.equal(['dr sian jones', 'jones', 'sian', 'mair', 'dr', 'mbe', "o'brien"]);
  });

  it('indexes a reference without its version, and its own identifier beside it', () => {
    const entries = extract(practitionerRole).filter(({ param }) => param.startsWith('practitioner'));
    expect(entries).to.deep.equal([
      { param: 'practitioner', kind: 'reference', target: 'Practitioner/p1' },
      { param: 'practitioner:identifier', kind: 'token', system: 'urn:people', code: '11' },
    ]);
  });

  it('indexes a period of dates as whole days of Europe/London, the last one included', () => {
    expect(extract(practitionerRole)).to.deep.include({
      param: 'date',
      kind: 'date',
      low: Date.parse('2024-03-31T23:00:00Z'),
      high: Date.parse('2026-03-31T23:00:00Z'),
    });
  });

  it('keeps GMC numbers as 7 digits even where the resource says C', () => {
    const system = 'https://fhir.hl7.org.uk/Id/gmc-number';
    const entries = extract({ ...practitioner, identifier: [{ system, value: 'C7654321' }] } as never);
    expect(entries).to.deep.include({ param: 'identifier', kind: 'token', system, code: '7654321' });
  });

  it('says nothing of types that are not searched and of empty resources', () => {
    expect(extract({ resourceType: 'Patient' })).to.deep.equal([]);
    for (const { resourceType } of [practitioner, organization, location, basic]) {
      expect(extract({ resourceType })).to.deep.equal([]);
    }
  });
});
