/** The pages for people: one document under the address of each page, and the files that belong to it. They tell nothing of what is stored. */
import { appError } from '../../app/errors.js';
import type { HttpContext, HttpMiddleware } from '../context.js';
import { refuse } from '../respond.js';
import { isKnown } from '../send.js';
import { readWebFiles, type WebFile, type WebFiles } from './files.js';
import { ofPages } from './headers.js';

/** Which page is shown is the business of its script. */
const PAGE =
  /^\/(?:queue|history|login|(?:runners|changes)(?:\/[A-Za-z0-9._~%-]{1,300})?|jobs\/[A-Za-z0-9._~%-]{1,300})?$/;

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

/** Without pages the server does its work all the same. */
const readOr = (root: string, onProblem: (cause: unknown) => void): WebFiles | undefined => {
  try {
    return readWebFiles(root);
  } catch (cause) {
    onProblem(cause);
    return undefined;
  }
};

/**
 * Reads the files now. `root`: the folder they were built into; `onProblem`: what is there cannot be read. Everything that is no page
 * goes on.
 */
export const pages = (root: string, onProblem: (cause: unknown) => void): HttpMiddleware => {
  const files = readOr(root, onProblem);
  return async (ctx, next) => {
    const { path } = ctx;
    if (!isRead(ctx)) await next();
    else if (path === '/favicon.ico' || path.startsWith('/assets/')) {
      ctx.state.route = path === '/favicon.ico' ? path : '/assets';
      const asset = files?.assets.get(path);
      if (asset === undefined) refuse(ctx, noAsset);
      // the name changes with the content
      else await sendFile(ctx, asset, 'public, max-age=31536000, immutable');
    } else if (!PAGE.test(path)) {
      // a mistyped address is told to a person by a page, which knows the way to the others
      if (files !== undefined && isForPerson(ctx) && !FOR_PROGRAMS.test(path)) {
        ctx.state.route = 'page';
        await sendFile(ctx, files.index, 'no-store', 404);
      } else await next();
    } else if (files !== undefined) {
      ctx.state.route = 'page';
      await sendFile(ctx, files.index, 'no-cache');
    } else if (isForPerson(ctx)) {
      ctx.state.route = 'page';
      sayNotBuilt(ctx);
    } else await next();
  };
};
