import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { mappingPage } from '../../../scripts/docs-mapping.ts';

describe('mappings/README.md', () => {
  it('says what the mapping does: run scripts/docs-mapping.ts where this fails', () => {
    const page = readFileSync(new URL('../../../mappings/README.md', import.meta.url), 'utf8');
    expect(page === mappingPage()).to.equal(true);
  });
});
