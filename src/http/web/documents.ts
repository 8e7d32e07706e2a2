/**
 * The one document of the pages as it stands under their addresses. It is built with addresses that are relative to it, so that the pages
 * work below any path, and nobody has to know which: not the server, and not a proxy that takes a part of it away.
 */
import { fileFrom, type WebFile } from './files.js';

/** How people show who they are: by a token, in a form of ours, or to the program that Baton is a part of. */
export type LoginWay = 'token' | 'host';

export interface Documents {
  /** At `/`, `/queue`. */
  readonly top: WebFile;
  /** One deeper, as at `/jobs/ID`. */
  readonly deep: WebFile;
}

const HEAD = '<head>';

/** `html`: as Vite builds it with `base: './'`. */
export const documentsOf = (html: string, login: LoginWay): Documents => {
  const told =
    login === 'host' ? html.replace(HEAD, `${HEAD}<meta name="baton-login" content="host" />`) : html;
  const type = 'text/html; charset=utf-8';
  return {
    top: fileFrom(Buffer.from(told), { type }),
    deep: fileFrom(Buffer.from(told.replaceAll('="./', '="../')), { type }),
  };
};
