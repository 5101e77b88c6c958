import { AppError } from '../core/error.ts';
import { openPage, sealPage } from '../search/page-token.ts';
import type { Context } from './context.ts';

/** Our own parameter; it stands last in the links that we make. */
const parameter = '_page';

/** Takes the page token out of a raw query string. */
export function splitPage(raw: string): { readonly query: string; readonly token: string | undefined } {
  if (!raw.includes(`${parameter}=`)) return { query: raw, token: undefined };
  const pairs = raw.split('&');
  const tokens = pairs.filter((pair) => pair.startsWith(`${parameter}=`));
  if (tokens.length > 1) throw badPage();
  return {
    query: pairs.filter((pair) => !pair.startsWith(`${parameter}=`)).join('&'),
    token: tokens[0]?.slice(parameter.length + 1),
  };
}

/** The URL of the page itself. */
export function selfLink(url: string, query: string, token: string | undefined): string {
  if (token !== undefined) return pageUrl(url, query, token);
  return query === '' ? url : `${url}?${query}`;
}

/** `url?query` with the token of the page that begins after `position`. */
export function nextLink(context: Context, url: string, query: string, position: string): string {
  return pageUrl(url, query, sealPage(context.service.pageKey, binding(context, url, query), position));
}

function pageUrl(url: string, query: string, token: string): string {
  return `${url}?${query === '' ? '' : `${query}&`}${parameter}=${token}`;
}

/** The position in a token of ours, for this client, base, path and query; anything else is `invalid`. */
export function pagePosition(context: Context, url: string, query: string, token: string): string {
  const position = openPage(context.service.pageKey, binding(context, url, query), token);
  if (position === undefined) throw badPage();
  return position;
}

/** `url` holds tenant and contract as well; they stand here by name so that no change of URLs can untie them. */
function binding({ tenant, contract, access }: Context, url: string, query: string) {
  return { tenant, client: access.clientId, contract, type: url, query };
}

function badPage(): AppError {
  return new AppError('invalid', 'the page link is not valid for this client and search', { expression: parameter });
}
