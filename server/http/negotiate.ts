const fhirJson = 'application/fhir+json; charset=utf-8';
const plainJson = 'application/json; charset=utf-8';

/** `_format` values that mean JSON: https://hl7.org/fhir/R4/http.html#mime-type. A `+` may have become a space. */
const jsonFormats: ReadonlySet<string> = new Set(['json', 'application/json', 'application/fhir+json', 'text/json']);

/**
 * Content type of the answer, or undefined where the client takes none that we have (406). `_format` wins over
 * `Accept`; XML comes later.
 */
export function negotiate(accept: string | undefined, query: string): string | undefined {
  if (query.includes('_format=')) {
    const format = formatOf(query);
    if (format !== undefined) return jsonFormats.has(format) ? fhirJson : undefined;
  }
  if (accept === undefined || accept === '*/*' || accept === 'application/fhir+json') return fhirJson;
  const ranges = accept.split(',').map(parseRange);
  if (ranges.some(({ type, welcome }) => welcome && wholeFhir.has(type))) return fhirJson;
  return ranges.some(({ type, welcome }) => welcome && plain.has(type)) ? plainJson : undefined;
}

const wholeFhir: ReadonlySet<string> = new Set(['application/fhir+json', 'application/*', '*/*']);
const plain: ReadonlySet<string> = new Set(['application/json', 'text/json']);

function formatOf(query: string): string | undefined {
  const pair = query.split('&').find((one) => one.startsWith('_format='));
  if (pair === undefined) return undefined;
  try {
    return decodeURIComponent(pair.slice('_format='.length)).replace(' ', '+').split(';')[0]?.trim().toLowerCase();
  } catch {
    return '';
  }
}

/** A media range is welcome unless its weight is 0 or it asks for another FHIR version than 4.0. */
function parseRange(text: string): { readonly type: string; readonly welcome: boolean } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const refused = parameters.some(
    (parameter) => /^q=0(\.0*)?$/.test(parameter) || /^fhirversion=(?!"?4\.0)/.test(parameter),
  );
  return { type, welcome: !refused };
}
