import { limits } from '../core/limits.ts';
import type { Subscriber } from './subscriber.ts';

/** What a subscription needs now, or when to look again (epoch milliseconds). */
export type Step =
  | { readonly is: 'handshake' | 'activate' | 'events' | 'heartbeat' | 'test' | 'end' | 'give-up' | 'revoke' }
  | { readonly is: 'wait'; readonly untilMs: number };

/** The life of a subscription of which nothing is on its way (security-eventing.md 4.4), as a decision. */
export function nextStep(subscriber: Subscriber, nowMs: number): Step {
  const { progress, terms, holdUntilMs, testAsked, rightLost } = subscriber;
  const { status, failing, last, delivered } = progress;
  if (status === 'off') return { is: 'wait', untilMs: Number.POSITIVE_INFINITY };
  const endMs = terms.end === undefined ? Number.POSITIVE_INFINITY : Date.parse(terms.end);
  if (rightLost) return { is: 'revoke' };
  if (nowMs >= endMs) return { is: 'end' };
  if (testAsked) return { is: 'test' };
  if (status === 'error') {
    const giveUpMs =
      Date.parse(progress.errorSince ?? new Date(nowMs).toISOString()) + limits.errorDaysMax * 86_400_000;
    return nowMs >= giveUpMs ? { is: 'give-up' } : { is: 'wait', untilMs: Math.min(giveUpMs, endMs) };
  }
  if (progress.paused !== undefined) return { is: 'wait', untilMs: endMs };
  const readyMs = Math.max(holdUntilMs, failing === null ? 0 : Date.parse(failing.notBefore));
  if (status === 'requested') {
    if (nowMs < readyMs) return { is: 'wait', untilMs: Math.min(readyMs, endMs) };
    return { is: terms.to.is === 'topic' && terms.channel === 'rest-hook' ? 'handshake' : 'activate' };
  }
  // Its sockets are told as events are numbered.
  if (terms.channel === 'websocket') return { is: 'wait', untilMs: endMs };
  const beatMs = heartbeatDueMs(progress.heardAt, terms.heartbeatSeconds);
  const waits = last > delivered || nowMs >= beatMs;
  if (!waits) return { is: 'wait', untilMs: Math.min(Math.max(beatMs, readyMs), endMs) };
  if (nowMs < readyMs) return { is: 'wait', untilMs: Math.min(readyMs, endMs) };
  return { is: last > delivered ? 'events' : 'heartbeat' };
}

function heartbeatDueMs(heardAt: string | null, seconds: number | undefined): number {
  return seconds === undefined || heardAt === null ? Number.POSITIVE_INFINITY : Date.parse(heardAt) + seconds * 1000;
}
