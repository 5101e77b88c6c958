import { AppError } from '../core/error.ts';
import { subset } from '../fhir/subset.ts';
import { etag, httpDate, notModified } from '../fhir/version-headers.ts';
import { type HiddenElements, viewOfRead } from '../search/bind-view.ts';
import type { StoredVersion } from '../store/port.ts';
import type { Interaction, InteractionRequest, InteractionResponse } from './context.ts';
import { searchError } from './search-problems.ts';

/** https://hl7.org/fhir/R4/http.html#read, conditional reads included. */
export const read: Interaction = async ({ store, contract, sight }, request) => {
  const version = await store.resources.read({ contract, type: request.type, id: request.id });
  return versionResponse(version, request, sight.hidden);
};

/**
 * The stored bytes of a version; 304 where the client has them. What never was in this tenant and contract is
 * `not-found`, in the same words whether or not it exists elsewhere; what was deleted is `gone`.
 */
export function versionResponse(
  version: StoredVersion | undefined,
  { header, query, type }: Pick<InteractionRequest, 'header' | 'query' | 'type'>,
  hidden: HiddenElements | undefined,
): InteractionResponse {
  if (version === undefined) throw notFound();
  if (version.change === 'delete') throw new AppError('gone', 'the resource has been deleted');
  const headers = { etag: etag(version.version), 'last-modified': httpDate(version.at) };
  if (notModified(version, header('if-none-match'), header('if-modified-since'))) {
    return { status: 304, headers, body: null, disclosed: [] };
  }
  return { status: 200, headers, body: partOf(version, query, type, hidden), disclosed: [disclosure(version)] };
}

/** `_summary` and `_elements` of a read: https://hl7.org/fhir/R4/http.html#read */
function partOf({ body }: StoredVersion, query: string, type: string, hidden: HiddenElements | undefined): Buffer {
  if (query === '') return body;
  const view = viewOfRead(query, type, hidden);
  if (!view.ok) throw searchError(view.problems);
  return view.value === undefined ? body : subset(body, view.value);
}

export function notFound(): AppError {
  return new AppError('not-found', 'no such resource');
}

/** How the audit names a version that left: `Type/id/version`. */
export function disclosure({ type, id, version }: Pick<StoredVersion, 'type' | 'id' | 'version'>): string {
  return `${type}/${id}/${version}`;
}
