/** Which page made a browser send this? A cookie comes with every request, whoever caused it, so it proves nothing about that. */
import { appError } from '../../app/errors.js';
import type { HttpContext } from '../context.js';

/**
 * - `here`: a page of this server
 * - `elsewhere`: a page of somebody else, also one at another port of this host
 * - `person`: what somebody typed or chose from their bookmarks
 * - `unsaid`: no browser, or one that does not tell
 */
export type WhereFrom = 'here' | 'elsewhere' | 'person' | 'unsaid';

/** By Fetch Metadata, which no page can write; else by `Origin`. `isSecure`: the page was had over TLS. */
export const whereFrom = (ctx: HttpContext, isSecure: boolean): WhereFrom => {
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '') return site === 'same-origin' ? 'here' : site === 'none' ? 'person' : 'elsewhere';
  const origin = ctx.get('Origin').toLowerCase();
  if (origin === '') return 'unsaid';
  // without a certificate or a public address nobody knows whether a proxy speaks TLS
  const schemes = isSecure ? ['https'] : ['http', 'https'];
  const own = schemes.map((scheme) => `${scheme}://${ctx.get('Host').toLowerCase()}`);
  return own.includes(origin) ? 'here' : 'elsewhere';
};

/** Whether somebody goes to the page itself, in a tab of its own: whoever sent them there learns nothing of the answer. */
export const isVisit = (ctx: HttpContext): boolean =>
  ctx.get('Sec-Fetch-Mode') === 'navigate' && ctx.get('Sec-Fetch-Dest') === 'document';

export const crossSite = appError(
  'forbidden',
  'cross_site_request',
  'A login in a browser is good for the pages of this server only, and this request did not come from one.',
  { hint: 'Programs send `Authorization: Bearer` with a token; see docs/security.md.' },
);
