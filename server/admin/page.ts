import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';

/** Rows of a list from after the row `after` on, at most `limit`; `next` is the `after` of the page that follows. */
export function page<T extends { readonly id: string }>(
  rows: readonly T[],
  query: URLSearchParams,
): { readonly rows: readonly T[]; readonly next: string | undefined } {
  const after = query.get('after');
  const at = after === null ? 0 : rows.findIndex((row) => row.id === after) + 1;
  if (after !== null && at === 0) throw new AppError('invalid', 'the row named by after is not in the list');
  const count = limitOf(query.get('limit'));
  const shown = rows.slice(at, at + count);
  return { rows: shown, next: at + count < rows.length ? shown.at(-1)?.id : undefined };
}

function limitOf(text: string | null): number {
  if (text === null) return limits.searchCountMax;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > limits.searchCountMax) {
    throw new AppError('invalid', `limit is a whole number from 1 to ${limits.searchCountMax}`);
  }
  return count;
}

export const pageParameters = [
  { name: 'limit', description: `rows at once, at most and by default ${limits.searchCountMax}` },
  { name: 'after', description: 'id of the last row of the page before (its `next`)' },
] as const;
