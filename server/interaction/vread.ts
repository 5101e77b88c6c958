import type { Interaction } from './context.ts';
import { notFound, versionResponse } from './read.ts';

/** https://hl7.org/fhir/R4/http.html#vread; the version of a delete is gone. */
export const vread: Interaction = async ({ store, contract }, request) => {
  if (!/^[1-9]\d{0,8}$/.test(request.version)) throw notFound();
  const { type, id, version } = request;
  return versionResponse(await store.resources.vread({ contract, type, id }, Number(version)), request);
};
