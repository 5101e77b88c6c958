import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { sourceTree } from '../support/source-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);

/** The twenty-five attacks across tenants and the seven extras: each is a test whose name begins with its number. */
describe('The catalogue of attacks', () => {
  it('has a test for every number', () => {
    const found = new Set(
      sourceTree(root, ['test'], ['.test.ts'])
        .flatMap(({ path }) => [
          ...readFileSync(`${root}/${path}`, 'utf8').matchAll(/\b(?:it|inFiles)\(\s*['`]([TX]\d+(?:, [TX]\d+)*):/g),
        ])
        .flatMap(([, names = '']) => names.split(', ')),
    );
    expect([...numbered('T', 25), ...numbered('X', 7)].filter((name) => !found.has(name))).to.deep.equal([]);
  });
});
