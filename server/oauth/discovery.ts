import { issuerUrl } from '../auth/base.ts';

/**
 * What our discovery documents say beyond the library's: endpoints that are our own, and examples of scopes, as SMART
 * 2.2 allows; the library knows no SMART scopes.
 */
export function ownDiscovery(publicUrl: string): Readonly<Record<string, unknown>> {
  const issuer = issuerUrl(publicUrl);
  return {
    scopes_supported: [
      'openid',
      'fhirUser',
      'offline_access',
      'system/*.rs',
      'system/*.read',
      'user/*.rs',
      'user/*.read',
    ],
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'fhirUser'],
    registration_endpoint: `${issuer}/reg`,
    userinfo_endpoint: `${issuer}/userinfo`,
    code_challenge_methods_supported: ['S256'],
  };
}
