import type { SubscriptionStatus } from './subscription-resource.ts';

/** How far a subscription is: the note that delivery keeps of it. Everything else stands on the resource. */
export interface Progress {
  readonly contract: string;
  /** Version of the resource that this follows. */
  readonly version: number;
  readonly status: SubscriptionStatus;
  /** Events of batches after this one are counted. Of plain criteria: all until here have been. */
  readonly after: { readonly sequence: number; readonly id: string };
  /** Number of the newest event. */
  readonly last: number;
  /** Number of the newest event that was taken by the receiver. */
  readonly delivered: number;
  /** What failed and waits for its next attempt. */
  readonly failing: Failing | null;
  /** When the receiver last heard of us; ISO 8601. */
  readonly heardAt: string | null;
  readonly errorSince: string | null;
  /** A dead letter is kept of it. */
  readonly letter: boolean;
  /** Since when an operator has it rest (ISO 8601): events are counted and wait. */
  readonly paused?: string | undefined;
}

export interface Failing {
  readonly failures: number;
  readonly notBefore: string;
  readonly firstAt: string;
  /** The events are sent again as they were: 0 where it was a handshake or heartbeat. */
  readonly to: number;
  readonly status: number | null;
  readonly error: string;
}

/** Undelivered events that nobody will try again by themselves. */
export interface DeadLetter {
  readonly subscription: string;
  readonly from: number;
  readonly to: number;
  readonly status: number | null;
  readonly error: string;
  readonly attempts: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** A subscription that was just made, or made again after it was off. */
function freshProgress(contract: string, version: number, sequence: number): Progress {
  return {
    ...{ contract, version, status: 'requested', after: { sequence, id: '' }, last: 0, delivered: 0 },
    ...{ failing: null, heardAt: null, errorSince: null, letter: false },
  };
}

export function parseProgress(note: string): Progress {
  return JSON.parse(note) as Progress;
}

/** A new version of the resource, by its client or by another process of ours, is taken up. */
export function adopted(
  progress: Progress | undefined,
  contract: string,
  resource: { readonly version: number; readonly sequence: number; readonly status: SubscriptionStatus },
): Progress {
  const { version, sequence, status } = resource;
  if (progress === undefined) return { ...freshProgress(contract, version, sequence), status };
  if (progress.version === version) return progress;
  // What happened while it was off is not told.
  const after = progress.status === 'off' && status !== 'off' ? { sequence, id: '' } : progress.after;
  const delivered = status === 'off' ? progress.last : progress.delivered;
  const again = status === 'requested' ? { failing: null, errorSince: null } : {};
  return { ...progress, version, status, after, delivered, ...again };
}

/** @param to number of the newest event that was taken; undefined of a handshake or heartbeat */
export function afterSuccess(progress: Progress, to: number | undefined, now: string): Progress {
  const { contract, version, status, after, last, errorSince, paused } = progress;
  const delivered = Math.max(progress.delivered, to ?? 0);
  const letter = progress.letter && to === undefined;
  // One literal: there is one for each notification.
  return { contract, version, status, after, last, delivered, failing: null, heardAt: now, errorSince, letter, paused };
}

export function afterFailure(
  progress: Progress,
  failure: Pick<Failing, 'to' | 'status' | 'error'>,
  now: string,
  waitSeconds: number | undefined,
): Progress {
  const failures = (progress.failing?.failures ?? 0) + 1;
  const firstAt = progress.failing?.firstAt ?? now;
  const notBefore = new Date(Date.parse(now) + (waitSeconds ?? 0) * 1000).toISOString();
  return { ...progress, failing: { failures, notBefore, firstAt, ...failure } };
}
