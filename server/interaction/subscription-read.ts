import { ownerOf, seesAllSubscriptions, seesSubscription } from '../auth/subscription-owner.ts';
import type { Query } from '../search/query.ts';
import { ownerParameter } from '../search/schema.ts';
import type { ResourceReader, StoredVersion } from '../store/port.ts';
import type { Context, Interaction } from './context.ts';

interface SubscriptionJson {
  readonly extension?: readonly { readonly url?: unknown; readonly valueString?: unknown }[];
  readonly channel?: { readonly header?: readonly string[] };
}

/**
 * An interaction that sees of all Subscriptions those of its client. To others' it is as if they were not there; an
 * auditor sees them all, without the values of their headers, which are the clients' secrets.
 */
export function amongOwn(run: Interaction): Interaction {
  return (context, request) => {
    const { store } = context;
    return run({ ...context, store: { ...store, resources: ownView(context) } }, request);
  };
}

function ownView({ store, access, service: { canonicalBase } }: Context): ResourceReader {
  const { resources } = store;
  const shown = async (version: StoredVersion | undefined): Promise<StoredVersion | undefined> => {
    if (version === undefined) return undefined;
    const { version: number } = version;
    const told = version.change === 'delete' ? await resources.vread(version, number - 1) : version;
    if (told === undefined) return undefined;
    const json = JSON.parse(told.body.toString()) as SubscriptionJson;
    const owner = ownerOf(json, canonicalBase);
    if (!seesSubscription(access, owner)) return undefined;
    return version.change === 'delete' || owner === access.clientId ? version : { ...version, body: masked(json) };
  };
  const allShown = async (versions: readonly StoredVersion[]) => {
    const found = await Promise.all(versions.map(shown));
    return found.filter((version) => version !== undefined);
  };
  return {
    read: async (key) => shown(await resources.read(key)),
    vread: async (key, version) => shown(await resources.vread(key, version)),
    history: async (key, page) => allShown(await resources.history(key, page)),
    readMany: async (keys) => allShown(await resources.readMany(keys)),
    async search(query) {
      const page = await resources.search(seesAllSubscriptions(access) ? query : ofOwner(query, access.clientId));
      return { ...page, matches: await allShown(page.matches) };
    },
    targets: (keys, param) => resources.targets(keys, param),
    owned: (units) => resources.owned(units),
    heads: (keys) => resources.heads(keys),
    counts: (contract) => resources.counts(contract),
  };
}

/** Narrowed before the limit: pages and totals are those of the client's own. */
function ofOwner(query: Query, client: string): Query {
  const own = { is: 'token', param: ownerParameter, code: client } as const;
  return { ...query, where: query.where.is === 'all' ? own : { is: 'and', of: [own, query.where] } };
}

function masked(json: SubscriptionJson): Buffer {
  const header = json.channel?.header?.map((line) => `${line.slice(0, Math.max(line.indexOf(':'), 0))}: ***`);
  const channel = { ...json.channel, ...(header === undefined ? {} : { header }) };
  return Buffer.from(JSON.stringify({ ...json, channel }));
}
