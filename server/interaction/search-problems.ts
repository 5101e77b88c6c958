import { AppError } from '../core/error.ts';
import type { Problem } from '../search/problem.ts';

/** The failure of a search that cannot be answered: one issue per problem. */
export function searchError(problems: readonly Problem[]): AppError {
  const [first, ...others] = problems.map(
    ({ is, message, expression }) =>
      ({ code: is === 'invalid' ? 'invalid' : 'unknown-parameter', message, expression }) as const,
  );
  if (first === undefined) return new AppError('invalid', 'the search cannot be answered');
  return new AppError(first.code, first.message, {
    expression: first.expression,
    others: others.map(({ code, message, expression }) => new AppError(code, message, { expression })),
  });
}
