/** Headers that name a version: https://hl7.org/fhir/R4/http.html#versioning */

/** Weak ETag of a version: `W/"3"`. */
export function etag(version: number): string {
  return `W/"${version}"`;
}

const datesKept = 1000;
const dates = new Map<string, string>();

/** ISO 8601 → the HTTP date of RFC 9110, section 5.6.7 (whole seconds). Hundreds of versions share a batch's time. */
export function httpDate(at: string): string {
  const known = dates.get(at);
  if (known !== undefined) return known;
  const date = new Date(at).toUTCString();
  if (dates.size >= datesKept) dates.clear();
  dates.set(at, date);
  return date;
}

/**
 * Does the client hold this version already (RFC 9110, section 13.2.2)? `If-Modified-Since` counts only without
 * `If-None-Match`. A date that is none is as if it were not there.
 */
export function notModified(
  version: { readonly version: number; readonly at: string },
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
): boolean {
  if (ifNoneMatch !== undefined) {
    const asked = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return asked.includes('*') || asked.includes(`"${version.version}"`);
  }
  if (ifModifiedSince === undefined) return false;
  return Math.floor(Date.parse(version.at) / 1000) * 1000 <= Date.parse(ifModifiedSince);
}
