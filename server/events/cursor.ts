import { randomBytes } from 'node:crypto';
import { AppError } from '../core/error.ts';
import { openPage, type PageBinding, sealPage } from '../search/page-token.ts';
import type { OutboxPosition } from '../store/port.ts';

/** Who reads, and where: nobody else's cursor is any good. */
export type CursorBinding = Pick<PageBinding, 'tenant' | 'client' | 'contract'>;

/**
 * Places in a tenant's order of events, sealed as page links are: numbers that can be read would tell a client of part
 * of the rows how many events and batches there were that it may not see.
 */
export interface Cursors {
  /** Of an event: the same whenever it is asked for. */
  of(position: OutboxPosition): string;
  /** Behind what has been looked at: never the same twice, so that nobody sees whether something was passed over. */
  behind(position: OutboxPosition): string;
  /** Undefined: before the first event. Throws `invalid`. */
  position(cursor: string | undefined): OutboxPosition;
}

const grammar = /^(\d{15})(?:\.(\d{9}))?/;
const nonceBytes = 8;

export function cursors(key: Uint8Array, { tenant, client, contract }: CursorBinding): Cursors {
  const binding = { tenant, client, contract, type: 'events', query: '' };
  return {
    of: (position) => sealPage(key, binding, textOf(position)),
    behind: (position) =>
      sealPage(key, binding, `${textOf(position)} ${randomBytes(nonceBytes).toString('base64url')}`),
    position(cursor) {
      if (cursor === undefined) return { sequence: 0, index: 0 };
      const [, sequence, index] = grammar.exec(openPage(key, binding, cursor) ?? '') ?? [];
      if (sequence === undefined) throw new AppError('invalid', 'this is no cursor of ours', { expression: 'after' });
      return { sequence: Number(sequence), index: index === undefined ? Number.MAX_SAFE_INTEGER : Number(index) };
    },
  };
}

/** Of one length each: a longer text would tell of a greater number. Without an index: behind all of a batch. */
function textOf({ sequence, index }: OutboxPosition): string {
  const padded = String(sequence).padStart(15, '0');
  return index === Number.MAX_SAFE_INTEGER ? padded : `${padded}.${String(index).padStart(9, '0')}`;
}
