import { AppError } from '../core/error.ts';
import type { OutboxPosition } from '../store/port.ts';

/** `SEQUENCE.INDEX` of an event; `SEQUENCE` alone stands behind all of a batch. */
const grammar = /^(\d{1,15})(?:\.(\d{1,9}))?$/;

export function cursorOf({ sequence, index }: OutboxPosition): string {
  return index === Number.MAX_SAFE_INTEGER ? String(sequence) : `${sequence}.${index}`;
}

/** Throws `invalid`. */
export function positionAt(cursor: string | undefined): OutboxPosition {
  if (cursor === undefined) return { sequence: 0, index: 0 };
  const [, sequence, index] = grammar.exec(cursor) ?? [];
  if (sequence === undefined) throw new AppError('invalid', 'this is no cursor of ours', { expression: 'after' });
  return behind(Number(sequence), index);
}

function behind(sequence: number, index: string | undefined): OutboxPosition {
  return { sequence, index: index === undefined ? Number.MAX_SAFE_INTEGER : Number(index) };
}
