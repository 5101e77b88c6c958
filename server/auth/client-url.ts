import { AppError } from '../core/error.ts';

/** An https URL of a client's key set, as it will be fetched. Throws `invalid`. */
export function keySetUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new AppError('invalid', 'the URL of a key set is an https URL without user, password and fragment');
  }
  return url.href;
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * A redirect URI, which is compared as an exact string: https, or http on the loopback interface (RFC 8252 section
 * 7.3), without user, password and fragment (RFC 6749 section 3.1.2). Throws `invalid`.
 */
export function redirectUri(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.has(url.hostname));
  if (!scheme || url.username !== '' || url.password !== '' || text.includes('#')) {
    throw new AppError(
      'invalid',
      'a redirect URI is https (or http on localhost), without user, password and fragment',
    );
  }
  return text;
}
