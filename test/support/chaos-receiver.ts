import { present } from '../../server/core/assert.ts';
import { type Behaviour, hookReceiver, notificationOf, type Received } from './hook-receiver.ts';

/** How a receiver is unwell. */
export const moods = {
  fine: () => 200,
  slow: () => ({ status: 200, afterMs: 25 }),
  refuses: (_received, n) => (n % 5 === 0 ? 500 : 200),
  throttles: (_received, n) => (n % 6 === 0 ? 429 : 200),
  hangs: (_received, n) => (n % 15 === 0 ? 'hang' : 200),
  drops: (_received, n) => (n % 4 === 0 ? 'drop' : 200),
  restarts: () => 200,
} as const satisfies Readonly<Record<string, Behaviour>>;
export type Mood = keyof typeof moods;

/** One subscription's endpoint, which keeps count of what it was told. */
export interface ChaosReceiver {
  readonly url: string;
  readonly mood: Mood;
  /** Numbers from 1 on that arrived, without a gap and in order. */
  taken(): number;
  /** What should not be: gaps, other tenants' events, a number that means two events. */
  readonly wrong: readonly string[];
  /** Numbers that came again: after an answer that was no success, and after a kill or restart. */
  readonly again: Readonly<Record<'refused' | 'lost', number>>;
  /** Those that came again though they were answered well: the sender must have noted that it saw no answer. */
  readonly answeredTwice: readonly number[];
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param lostSince did something happen since this time (of `performance.now`) that can lose an answer? */
export async function chaosReceiver(
  tenant: string,
  mood: Mood,
  lostSince: (ms: number) => boolean,
): Promise<ChaosReceiver> {
  const hook = await hookReceiver({ keep: false });
  const wrong: string[] = [];
  const again = { refused: 0, lost: 0 };
  const answeredTwice: number[] = [];
  let next = 1;
  /** Highest number that was answered with a success, and when. */
  let answered = { number: 0, atMs: 0 };
  let restartedMs = -1;
  const read = (received: Received, good: boolean) => {
    const { kind, numbers, focuses } = notificationOf(received);
    if (kind !== 'event-notification') return;
    for (const [index, number] of numbers.entries()) {
      const focus = present(focuses[index], 'a focus');
      if (!focus.endsWith(`/t/${tenant}/fhir/v1/PractitionerRole/${tenant}-${number}`))
        wrong.push(`${number}: ${focus}`);
      if (number > next) wrong.push(`${number} came where ${next} was due`);
      if (number === next) next += 1;
      else if (number > answered.number) again.refused += 1;
      else if (lostSince(answered.atMs) || restartedMs >= answered.atMs) again.lost += 1;
      else answeredTwice.push(number);
    }
    const last = numbers.at(-1) ?? 0;
    if (good && last >= answered.number) answered = { number: last, atMs: performance.now() };
  };
  hook.behave((received, n) => {
    const handshake = received.headers['webhook-id']?.includes('handshake') === true;
    const answer = handshake ? 200 : moods[mood](received, n);
    read(received, answer === 200 || (typeof answer === 'object' && answer.status === 200));
    return answer;
  });
  return {
    ...{ url: hook.url, mood, wrong, again, answeredTwice },
    taken: () => next - 1,
    async restart() {
      await hook.stop();
      restartedMs = performance.now();
      await hook.restart();
    },
    stop: hook.stop,
  };
}
