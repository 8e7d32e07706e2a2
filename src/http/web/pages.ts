/** The pages for people: one document under the address of each page, and the files that belong to it. They tell nothing of what is stored. */
import { appError } from '../../app/errors.js';
import { isPage, isPageFile, LICENCES } from '../../app/page-addresses.js';
import type { HttpContext, HttpMiddleware } from '../context.js';
import { refuse } from '../respond.js';
import { isKnown } from '../send.js';
import { documentsOf, type Documents, type LoginWay } from './documents.js';
import { readWebFiles, type WebFile, type WebFiles } from './files.js';
import { ofPages } from './headers.js';

/** Folders above it. What a document names is relative to that, and there is none for more than one. */
const depthOf = (path: string): number => path.split('/').length - 2;

/** What is there for programs, whatever they accept. */
const FOR_PROGRAMS = /^\/(?:api|healthz|readyz|metrics)(?:\/|$)/;

const NOT_BUILT = `The pages of Baton were not built. Build them, and start the server again:

    npm run build

The API below /api/v1 and the command line need none.
`;

const noAsset = appError('not_found', 'asset_not_found', 'There is no such file.', {
  hint: 'The server may have been renewed: load the page again.',
});

const isRead = ({ method }: HttpContext): boolean => method === 'GET' || method === 'HEAD';

const sendFile = async (ctx: HttpContext, file: WebFile, keep: string, status = 200): Promise<void> => {
  const encoding = file.encodings.find((one) => ctx.acceptsEncodings(one) === one);
  const tag = `"${file.digest}${encoding === undefined ? '' : `-${encoding}`}"`;
  ctx.set({ ...ofPages, 'Cache-Control': keep, ETag: tag });
  if (file.encodings.length > 0) ctx.set('Vary', 'Accept-Encoding');
  const known = ctx.get('If-None-Match');
  if (known !== '' && isKnown(known, tag)) {
    ctx.status = 304;
    return;
  }
  const bytes = encoding === undefined ? file.bytes : await file.encoded(encoding);
  if (encoding !== undefined) ctx.set('Content-Encoding', encoding);
  ctx.status = status;
  ctx.set('Content-Type', file.type);
  ctx.body = bytes;
};

const isForPerson = (ctx: HttpContext): boolean => ctx.get('Accept').includes('text/html');

const sayNotBuilt = (ctx: HttpContext): void => {
  ctx.status = 404;
  ctx.set({ ...ofPages, 'Cache-Control': 'no-store', 'Content-Type': 'text/plain; charset=utf-8' });
  ctx.body = NOT_BUILT;
};

type Pages = Pick<WebFiles, 'assets'> & Documents;

const documentAt = ({ top, deep }: Documents, path: string): WebFile => (depthOf(path) > 0 ? deep : top);

/** Without pages the server does its work all the same. */
const readOr = ({ root, login }: PagesOptions, onProblem: (cause: unknown) => void): Pages | undefined => {
  try {
    const files = readWebFiles(root);
    return files && { assets: files.assets, ...documentsOf(files.html, login) };
  } catch (cause) {
    onProblem(cause);
    return undefined;
  }
};

export interface PagesOptions {
  /** The folder they were built into. */
  readonly root: string;
  readonly login: LoginWay;
}

/** Reads the files now. `onProblem`: what is there cannot be read. Everything that is no page goes on. */
export const pages = (options: PagesOptions, onProblem: (cause: unknown) => void): HttpMiddleware => {
  const files = readOr(options, onProblem);
  return async (ctx, next) => {
    const { path } = ctx;
    if (!isRead(ctx)) await next();
    else if (path === '/favicon.ico' || isPageFile(path)) {
      ctx.state.route = path === '/favicon.ico' ? path : '/assets';
      const asset = files?.assets.get(path);
      if (asset === undefined) refuse(ctx, noAsset);
      // the name changes with the content
      else await sendFile(ctx, asset, path === LICENCES ? 'no-cache' : 'public, max-age=31536000, immutable');
    } else if (!isPage(path)) {
      // a mistyped address is told to a person by a page, which knows the way to the others
      if (files !== undefined && isForPerson(ctx) && !FOR_PROGRAMS.test(path) && depthOf(path) <= 1) {
        ctx.state.route = 'page';
        await sendFile(ctx, documentAt(files, path), 'no-store', 404);
      } else await next();
    } else if (files !== undefined) {
      ctx.state.route = 'page';
      await sendFile(ctx, documentAt(files, path), 'no-cache');
    } else if (isForPerson(ctx)) {
      ctx.state.route = 'page';
      sayNotBuilt(ctx);
    } else await next();
  };
};
