/**
 * What a browser must not do with an answer (OWASP HTTP headers, as helmet sets them): it is data, and stands in
 * nobody's page. Pages of our own put another Content-Security-Policy in its place.
 */
export const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'x-permitted-cross-domain-policies': 'none',
} as const;

const encrypted = { ...safeHeaders, 'strict-transport-security': 'max-age=31536000; includeSubDomains' } as const;

/** The same objects for every answer. `publicUrl`: behind https, browsers are told to stay there (RFC 6797). */
export function safeHeadersOf(publicUrl: string): Readonly<Record<string, string>> {
  return publicUrl.startsWith('https:') ? encrypted : safeHeaders;
}
