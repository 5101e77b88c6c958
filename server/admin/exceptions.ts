import { AppError } from '../core/error.ts';
import { discardException, releaseException } from '../ingest/steward/exception-decision.ts';
import { exceptionView, maskedRow } from '../ingest/steward/exception-view.ts';
import { type ExceptionFilter, exceptionStates } from '../store/port.ts';
import { actorOf } from './actor.ts';
import { reasonOf } from './body.ts';
import { page } from './page.ts';
import type { AdminAnswer, AdminContext, AdminRequest } from './route.ts';

export const severities = ['error', 'warning'] as const;

export async function listExceptions({ stewardship }: AdminContext, { query }: AdminRequest): Promise<AdminAnswer> {
  const exceptions = await stewardship.store.ledger.exceptions(filterOf(query));
  const { rows, next } = page(exceptions, query);
  const views = rows.map((row) => exceptionView(stewardship.tenant, row));
  return { status: 200, body: { exceptions: views, ...(next && { next }) } };
}

function filterOf(query: URLSearchParams): ExceptionFilter {
  const file = query.get('file');
  const state = one(query, 'state', exceptionStates) ?? 'open';
  const severity = one(query, 'severity', severities);
  return { state, ...(file === null ? {} : { file }), ...(severity === undefined ? {} : { severity }) };
}

function one<T extends string>(query: URLSearchParams, name: string, values: readonly T[]): T | undefined {
  const text = query.get(name);
  const value = values.find((each) => each === text);
  if (text !== null && value === undefined) throw new AppError('invalid', `${name} is one of ${values.join(', ')}`);
  return value;
}

export async function readException({ stewardship }: AdminContext, { id }: AdminRequest): Promise<AdminAnswer> {
  const exception = await stewardship.store.ledger.exception(id);
  if (exception === undefined) throw new AppError('not-found', 'there is no such exception');
  const row = await maskedRow(stewardship, exception);
  return { status: 200, id, body: { ...exceptionView(stewardship.tenant, exception), ...(row && { row }) } };
}

export async function releaseRow(context: AdminContext, { id, body }: AdminRequest): Promise<AdminAnswer> {
  const { deps, access, stewardship, correlationId } = context;
  const reason = await reasonOf(body);
  const outcome = await releaseException(stewardship, id, { actor: actorOf(access), reason, correlationId });
  if (!outcome.released) {
    const why = outcome.why.map(({ line, message }) => `line ${line}: ${message}`).join('; ');
    throw new AppError('conflict', `the row is still bad: ${why}`);
  }
  deps.requestWork(stewardship.tenant.id);
  return { status: 200, id, reason, body: { id, state: 'released', exceptions: outcome.exceptions } };
}

export async function discardRow(context: AdminContext, { id, body }: AdminRequest): Promise<AdminAnswer> {
  const { access, stewardship, correlationId } = context;
  const reason = await reasonOf(body);
  const exception = await discardException(stewardship, id, { actor: actorOf(access), reason, correlationId });
  return { status: 200, id, reason, body: exceptionView(stewardship.tenant, exception) };
}
