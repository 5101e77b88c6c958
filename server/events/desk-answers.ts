import { ownerOf, seesSubscription } from '../auth/subscription-owner.ts';
import { AppError } from '../core/error.ts';
import { derivedId, derivedPair } from '../core/id.ts';
import { limits } from '../core/limits.ts';
import type { Predicate } from '../search/query.ts';
import { ownerParameter } from '../search/schema.ts';
import type { StoredVersion } from '../store/port.ts';
import { type Caller, type DeskParts, ownSubscription, parseForm } from './desk.ts';
import { notificationBundle, statusParameters } from './notification.ts';
import { parseProgress } from './progress.ts';
import { shownEvents } from './shown-events.ts';
import { statusHead } from './status-head.ts';
import type { StoredForm } from './subscription-form.ts';
import { type Content, termsOf } from './terms.ts';
import { covers } from './visibility.ts';

/** Which subscriptions a type-level `$status` is about; empty lists: all. */
export interface StatusQuestion {
  readonly ids: readonly string[];
  readonly statuses: readonly string[];
}

/** Numbers inclusive; left out: from the first, to the newest. */
export interface EventsQuestion {
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly content: string | undefined;
}

interface Answer {
  readonly body: Buffer;
  /** `Type/id/version` of the versions that it shows. */
  readonly disclosed: readonly string[];
}

/** `$status` and `$events` of https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/operations.html */
export function deskAnswers(parts: DeskParts) {
  const { canonicalBase } = parts;
  const statusOf = async (caller: Caller, form: StoredForm) => {
    const note = await caller.store.delivery.note('progress', form.id);
    const progress = note === undefined ? undefined : parseProgress(note);
    const head = statusHead(form, progress, caller.base, canonicalBase);
    return {
      fullUrl: `urn:uuid:${derivedId('status', form.id)}`,
      resource: statusParameters(head, 'query-status'),
    };
  };
  return {
    /** The status of one subscription, or of all that the caller may see. */
    async status(caller: Caller, id: string | undefined, question: StatusQuestion): Promise<Answer> {
      const forms =
        id === undefined
          ? await visibleForms(caller, question, canonicalBase)
          : [await seen(caller, id, canonicalBase)];
      const entries: object[] = [];
      for (const form of forms) entries.push({ ...(await statusOf(caller, form)), search: { mode: 'match' } });
      const entry = entries.length === 0 ? {} : { entry: entries };
      const bundle = { resourceType: 'Bundle', type: 'searchset', total: entries.length, ...entry };
      return { body: Buffer.from(JSON.stringify(bundle)), disclosed: [] };
    },

    async events(caller: Caller, id: string, { since, until, content }: EventsQuestion): Promise<Answer> {
      const { form } = await ownSubscription(caller, id, canonicalBase, undefined);
      const { store, base, contract } = caller;
      const terms = termsOf(form, {
        canonicalBase,
        base,
        contract,
        egress: parts.egress(store.tenant),
        parameters: parts.parameters,
      });
      if (!covers(caller.access, terms))
        throw new AppError('forbidden', 'the scopes of the token do not cover the events');
      const to = until ?? Number.MAX_SAFE_INTEGER;
      const events = await store.delivery.events(id, since ?? 1, to, limits.queriedEventsMax);
      const level = narrower(content, terms.content);
      const shown = await shownEvents(contract, events, level, caller.sight);
      const note = await store.delivery.note('progress', id);
      const head = statusHead(form, note === undefined ? undefined : parseProgress(note), base, canonicalBase);
      const at = events.at(-1)?.at ?? parts.clock.now().toISOString();
      const ids = derivedPair('events', store.tenant, id, String(since), String(until), level);
      const body = notificationBundle({ ids, at, head, kind: 'query-event', events: shown, content: level });
      return { body, disclosed: level === 'empty' ? [] : shown.flatMap(({ version }) => disclosure(version)) };
    },
  };
}

/** How the audit names a version that left. */
function disclosure(version: StoredVersion | undefined): readonly string[] {
  return version === undefined ? [] : [`${version.type}/${version.id}/${version.version}`];
}

/** `content` of `$events` is a hint: never more than the subscription may have. */
function narrower(asked: string | undefined, own: Content): Content {
  const levels = ['empty', 'id-only', 'full-resource'] as const;
  const wanted = (levels as readonly (string | undefined)[]).indexOf(asked);
  return wanted === -1 || wanted > levels.indexOf(own) ? own : (levels[wanted] ?? own);
}

async function seen(caller: Caller, id: string, canonicalBase: string): Promise<StoredForm> {
  const version = await caller.store.resources.read({ contract: caller.contract, type: 'Subscription', id });
  const form = version === undefined || version.change === 'delete' ? undefined : parseForm(version);
  if (form !== undefined && seesSubscription(caller.access, ownerOf(form, canonicalBase))) return form;
  throw new AppError('not-found', 'no such resource');
}

async function visibleForms(caller: Caller, { ids, statuses }: StatusQuestion, canonicalBase: string) {
  const { contract, access, store } = caller;
  const any = (param: string, codes: readonly string[]): readonly Predicate[] =>
    codes.length === 0 ? [] : [{ is: 'or', of: codes.map((code) => ({ is: 'token', param, code })) }];
  const of: readonly Predicate[] = [
    ...(ids.length === 0 ? [] : [{ is: 'id' as const, ids }]),
    ...any('status', statuses),
    ...(seesSubscription(access, undefined) ? [] : any(ownerParameter, [access.clientId])),
  ];
  const where: Predicate = of.length === 0 ? { is: 'all' } : { is: 'and', of };
  const sort = { by: 'id', descending: false } as const;
  const query = { contract, type: 'Subscription', where, sort, count: limits.statusesPerAnswerMax, total: false };
  const { matches } = await store.resources.search(query);
  return matches.map(parseForm).filter((form) => seesSubscription(access, ownerOf(form, canonicalBase)));
}
