import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Topic, topics } from '../../../server/topics/topic.ts';

const folder = new URL('../../../conformance/topics/', import.meta.url);

interface Definition {
  readonly topic: Topic;
  readonly canonical: string;
  readonly title: string;
  readonly trigger: string;
  readonly focus: string | null;
  readonly subject: string;
  readonly filters: readonly { readonly name: string; readonly matches: string }[];
  readonly data: Readonly<Record<string, string>>;
  readonly refersTo: string | null;
  readonly notification: { readonly contents: readonly string[]; readonly extension?: readonly string[] };
  readonly example: {
    readonly type: string;
    readonly source: string;
    readonly subject: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

describe('Topic definitions (conformance/topics)', () => {
  const definitions = readdirSync(folder).map((name) => ({
    name,
    definition: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Definition,
  }));

  it('are there for the fifteen topics, one file each', () => {
    expect(definitions.map(({ name }) => name).sort()).to.deep.equal(
      Object.keys(topics)
        .map((topic) => `${topic}.json`)
        .sort(),
    );
  });

  for (const { name, definition } of definitions) {
    const { topic, canonical, focus, filters, data, refersTo, notification, example } = definition;
    it(`${name} says what the server does, with an example of that shape`, () => {
      expect(canonical).to.equal(`{base}/SubscriptionTopic/${topic}`);
      expect(focus).to.equal(topics[topic].focus);
      expect(filters.map((filter) => filter.name)).to.deep.equal([...topics[topic].filters]);
      expect(example.type).to.equal(topic);
      expect(example.source).to.match(/^urn:esr-fhir:tenant:[a-z0-9-]+$/);
      expect(data).to.include.keys(Object.keys(example.data));
      expect('firstEvent' in data).to.equal(refersTo !== null);
      expect(notification.contents).to.deep.equal(['empty', ...(focus === null ? [] : ['id-only', 'full-resource'])]);
      expect(notification.extension?.includes('first-event') ?? refersTo !== null).to.equal(refersTo !== null);
      if (focus !== null) expect(example.subject).to.match(new RegExp(`^${focus}/`));
      const values = (example.data['filters'] ?? {}) as object;
      expect(filters.map((filter) => filter.name)).to.include.members(Object.keys(values));
    });
  }
});
