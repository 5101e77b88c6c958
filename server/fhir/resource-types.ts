/** The types whose resources are stored, and the profiles that they claim: https://simplifier.net/hl7fhirukcorer4 */
export const storedTypes = ['Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Basic'] as const;

/** The types that are rendered from compact rows when they are read. */
export const renderedTypes = ['AuditEvent', 'Provenance'] as const;

/** FHIR id: https://hl7.org/fhir/R4/datatypes.html#id */
export const idPattern = /^[A-Za-z0-9.-]{1,64}$/;
