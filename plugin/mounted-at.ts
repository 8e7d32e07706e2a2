/** Which requests are for Baton where a host has mounted it: by `mount`, or by what the host has taken off the address itself. */
import { isPage, isPageFile } from '../src/app/page-addresses.js';
import type { MiddlewareContext } from './contract.js';

const textOf = (holder: object, name: string): string | undefined => {
  const value: unknown = Reflect.get(holder, name);
  return typeof value === 'string' ? value : undefined;
};

/** The address as the browser sent it: Koa and Express keep it beside the one that they have cut. */
export const originalUrlOf = (ctx: MiddlewareContext): string | undefined =>
  textOf(ctx, 'originalUrl') ?? textOf(ctx.req, 'originalUrl');

const splitUrl = (url: string): readonly [path: string, query: string] => {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)];
};

/** What is left of the address below the mount when it is one of the API; undefined when it is not. */
export const apiBelow = (mount: string, url: string): string | undefined => {
  if (!url.startsWith(`${mount}/`)) return undefined;
  const rest = url.slice(mount.length);
  return rest.startsWith('/api/') || rest.startsWith('/workflow/api/') || /^\/healthz(?:\?|$)/.test(rest)
    ? rest
    : undefined;
};

/** Whether the host has taken something off the front of the path. Where it has not, `/` and `/queue` are the host's own. */
const isCut = (path: string, original: string | undefined): boolean => {
  if (original === undefined) return false;
  const [whole] = splitUrl(original);
  return path === '/' ? whole !== '/' : whole.length > path.length && whole.endsWith(path);
};

export interface PageAddress {
  readonly url: string;
  /** Where the same stands with a slash at its end, from here: what the page names is relative to that. */
  readonly moved?: string;
}

/** What is left of the address below the mount when it is one of the pages; undefined when it is not, or might be the host's. */
export const pageBelow = (
  mount: string,
  url: string,
  original: string | undefined,
): PageAddress | undefined => {
  const [path, query] = splitUrl(url);
  if (path !== mount && !path.startsWith(`${mount}/`)) return undefined;
  const rest = path.slice(mount.length);
  if (mount === '' && !isCut(path, original)) return undefined;
  // there is no login of ours
  if (rest === '/login') return undefined;
  const [seen] = splitUrl(original ?? url);
  if (rest === '' || (rest === '/' && !seen.endsWith('/')))
    return { url: `/${query}`, moved: `./${seen.slice(seen.lastIndexOf('/') + 1)}/${query}` };
  return isPage(rest) || isPageFile(rest) ? { url: `${rest}${query}` } : undefined;
};
