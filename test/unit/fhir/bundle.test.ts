import { expect } from 'chai';
import fc from 'fast-check';
import { type BundleVersion, historyBundle, searchset } from '../../../server/fhir/bundle.ts';

const base = 'https://api.example/t/rxx/fhir/v1';

const version = (id: string, resource: unknown, change: BundleVersion['change'] = 'create'): BundleVersion => ({
  type: 'Practitioner',
  id,
  version: 2,
  at: '2026-11-23T12:00:00.000Z',
  change,
  body: Buffer.from(change === 'delete' ? '' : JSON.stringify(resource)),
});

describe('fhir/bundle', () => {
  it('is valid JSON of exactly the resources that went in, whatever their text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), { maxLength: 5 }),
        (resources) => {
          const expected = resources.map((resource) => JSON.parse(JSON.stringify(resource)));
          const [first, ...rest] = resources.map((resource, n) => version(`p${n}`, resource));
          const bytes = searchset({
            base,
            links: { self: `${base}/Practitioner`, next: `${base}/Practitioner?_page=x` },
            total: resources.length,
            matches: first === undefined ? [] : [first],
            includes: rest,
            warning: '{"resourceType":"OperationOutcome"}',
          });
          const bundle = JSON.parse(bytes.toString('utf8'));
          const shown = (bundle.entry as { resource: unknown }[]).map(({ resource }) => resource);
          expect(shown).to.deep.equal([...expected, { resourceType: 'OperationOutcome' }]);
          expect(bundle.entry.at(-1).search.mode).to.equal('outcome');
        },
      ),
    );
  });

  it('has no total and no entry where there is none', () => {
    const bytes = searchset({ base, links: { self: base }, total: undefined, matches: [], includes: [] });
    expect(JSON.parse(bytes.toString())).to.deep.equal({
      resourceType: 'Bundle',
      type: 'searchset',
      link: [{ relation: 'self', url: base }],
    });
  });

  it('shows a history with the request that each version stands for', () => {
    const bytes = historyBundle({
      base,
      links: { self: base },
      total: 2,
      versions: [version('p1', {}, 'delete'), version('p1', { id: 'p1' }, 'update')],
    });
    const [deleted, updated] = JSON.parse(bytes.toString()).entry;
    expect(deleted).to.deep.equal({
      fullUrl: `${base}/Practitioner/p1`,
      request: { method: 'DELETE', url: 'Practitioner/p1' },
      response: { status: '204', etag: 'W/"2"', lastModified: '2026-11-23T12:00:00.000Z' },
    });
    expect(updated).to.deep.include({ resource: { id: 'p1' }, request: { method: 'PUT', url: 'Practitioner/p1' } });
  });
});
