import { expect } from 'chai';
import { elementsOf } from '../../../server/fhir/elements.ts';
import { subset, type View } from '../../../server/fhir/subset.ts';
import { storedTypes } from '../../../server/interaction/published-types.ts';
import { searchParameters } from '../../../server/search/parameters.ts';

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

function part(resource: object, view: View): { readonly [element: string]: unknown } {
  return JSON.parse(subset(Buffer.from(JSON.stringify(resource)), view).toString());
}

describe('fhir/subset', () => {
  const organization = {
    resourceType: 'Organization',
    id: 'o1',
    meta: { versionId: '3', tag: [{ code: 'own' }] },
    implicitRules: 'urn:rules',
    language: 'en',
    text: { status: 'generated' },
    extension: [{ url: 'urn:x' }],
    modifierExtension: [{ url: 'urn:y' }],
    active: true,
    name: 'Ward',
    _name: { id: 'n' },
    alias: ['W'],
    _alias: [null],
  };

  it('tags the part beside the tags that are there', () => {
    expect(part(organization, { is: 'summary' })['meta']).to.deep.equal({
      versionId: '3',
      tag: [{ code: 'own' }, subsetted],
    });
    expect(part({ resourceType: 'Basic' }, { is: 'data' })).to.deep.equal({
      resourceType: 'Basic',
      meta: { tag: [subsetted] },
    });
  });

  it('keeps modifiers, whatever is asked for, and the order of elements', () => {
    const kept = ['resourceType', 'id', 'meta', 'implicitRules', 'modifierExtension', 'active'];
    expect(Object.keys(part(organization, { is: 'elements', names: new Set() }))).to.deep.equal(kept);
    expect(Object.keys(part(organization, { is: 'summary' }))).to.deep.equal([...kept, 'name', '_name']);
    expect(Object.keys(part(organization, { is: 'elements', names: new Set(['alias']) }))).to.deep.equal([
      ...kept,
      'alias',
      '_alias',
    ]);
    expect(part(organization, { is: 'text' })).to.have.all.keys([...kept, 'text']);
    expect(part(organization, { is: 'data' })).to.not.have.property('text');
    expect(part(organization, { is: 'data' })).to.have.property('language');
  });

  it('knows the elements of every stored type, those that parameters look at among them', () => {
    const parameters = searchParameters('https://esr-fhir.example');
    for (const { type } of storedTypes) {
      const { all } = elementsOf(type);
      for (const { path } of parameters.get(type)?.values() ?? []) {
        for (const branch of path.split(' | ')) expect(all, path).to.include(branch.split(/[.(]/)[1]);
      }
    }
  });
});
