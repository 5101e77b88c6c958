import type { Interaction } from './context.ts';
import { notFound, versionResponse } from './read.ts';

/** https://hl7.org/fhir/R4/http.html#vread; the version of a delete is gone. */
export const vread: Interaction = async ({ store, contract, sight }, request) => {
  if (!/^[1-9]\d{0,8}$/.test(request.version)) throw notFound();
  const { type, id, version } = request;
  const found = await store.resources.vread({ contract, type, id }, Number(version));
  return versionResponse(found, request, sight.hidden);
};
