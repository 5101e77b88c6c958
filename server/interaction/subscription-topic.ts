import { AppError } from '../core/error.ts';
import type { Interaction, OpenContext } from './context.ts';
import { splitPage } from './page-link.ts';
import { notFound } from './read.ts';
import type { TopicDefinition } from './subscription-desk.ts';

const r5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic';

/** `SubscriptionTopic/NAME`: what the canonical URL of a topic stands for, as R4 can say it: a Basic. */
export const readSubscriptionTopic: Interaction = async (context, { id }) => {
  const definition = context.service.topics.find(({ topic }) => topic === id);
  if (definition === undefined) throw notFound();
  return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(basicOf(definition, context))), disclosed: [] };
};

/** All topics. */
export const searchSubscriptionTopic: Interaction = async (context, { query }) => {
  const asked = new URLSearchParams(splitPage(query).query);
  asked.delete('_format');
  if ([...asked.keys()].some((name) => name !== 'url')) {
    throw new AppError('unknown-parameter', 'topics are searched by "url" alone', { expression: 'url' });
  }
  const wanted = asked.get('url');
  const url = `${context.base}/SubscriptionTopic`;
  const found = context.service.topics.filter(({ topic }) => wanted === null || wanted === canonical(context, topic));
  const entry = found.map((one) => ({ fullUrl: `${url}/${one.topic}`, resource: basicOf(one, context) }));
  const bundle = {
    ...{ resourceType: 'Bundle', type: 'searchset', total: found.length, link: [{ relation: 'self', url }] },
    ...(entry.length === 0 ? {} : { entry: entry.map((one) => ({ ...one, search: { mode: 'match' } })) }),
  };
  return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(bundle)), disclosed: [] };
};

function canonical({ service }: Pick<OpenContext, 'service'>, topic: string): string {
  return `${service.canonicalBase}/SubscriptionTopic/${topic}`;
}

/** Cross-version extensions carry R5's elements (https://hl7.org/fhir/R5/versions.html#extensions). */
function basicOf({ topic, title, trigger, focus, filters }: TopicDefinition, context: OpenContext) {
  const resource = `http://hl7.org/fhir/StructureDefinition/${focus}`;
  return {
    resourceType: 'Basic',
    id: topic,
    extension: [
      { url: `${r5}.url`, valueUri: canonical(context, topic) },
      { url: `${r5}.title`, valueString: title },
      { url: `${r5}.status`, valueCode: 'active' },
      { url: `${r5}.description`, valueMarkdown: trigger },
      ...(focus === null ? [] : [trigger5(trigger, resource)]),
      ...filters.map(({ name, matches }) => filter5(name, matches, resource)),
    ],
    code: { coding: [{ system: 'http://hl7.org/fhir/fhir-types', code: 'SubscriptionTopic' }] },
  };
}

function trigger5(description: string, resource: string) {
  const extension = [
    { url: 'description', valueMarkdown: description },
    { url: 'resource', valueUri: resource },
  ];
  return { url: `${r5}.resourceTrigger`, extension };
}

function filter5(name: string, description: string, resource: string) {
  const extension = [
    { url: 'description', valueMarkdown: description },
    { url: 'resource', valueUri: resource },
    { url: 'filterParameter', valueString: name },
  ];
  return { url: `${r5}.canFilterBy`, extension };
}
