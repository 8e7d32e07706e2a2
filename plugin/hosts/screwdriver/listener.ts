/**
 * Baton's own API and pages beside Screwdriver's, for runners, logs and history: a listener on the loopback, and who has the token is admin.
 * The API is at the root, as `baton` wants it, and with the pages below `/baton`, where a browser asks for the token as a password.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { HostUser, Middleware, MiddlewareContext } from '../../contract.js';

const PAGES = '/baton';

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** `Bearer <token>`, or `Basic` with the token as the password of anybody. */
const givenBy = ({ headers: { authorization = '' } }: IncomingMessage): string | undefined => {
  const [, scheme = '', given = ''] = /^(bearer|basic) (\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return given;
  const [, password] = /^[^:]*:(.+)$/s.exec(Buffer.from(given, 'base64').toString('utf8')) ?? [];
  return password;
};

/** For the option `authenticate` of Baton: anybody else needs a token of Baton's. `token`: undefined when there is none. */
export const adminBy =
  (token: string | undefined) =>
  ({ req }: Pick<MiddlewareContext, 'req'>): HostUser | undefined => {
    const given = givenBy(req);
    return token !== undefined && given !== undefined && timingSafeEqual(digest(token), digest(given))
      ? { actor: 'screwdriver-admin', role: 'admin' }
      : undefined;
  };

export interface Listener {
  readonly close: () => Promise<void>;
}

/** `/baton/queue?…` → `/queue?…`; undefined for what is not below it. */
const belowPages = (url: string): string | undefined => {
  const [path = '', query] = url.split(/(?=\?)/);
  return path === PAGES || path.startsWith(`${PAGES}/`)
    ? `${path.slice(PAGES.length) || '/'}${query ?? ''}`
    : undefined;
};

const NO_PAGES =
  'There are no pages of Baton here: the executor has no tokenFile, and without one nobody can be known in a browser.\n';

/** Rejects when the address cannot be had. `address`: HOST:PORT. `isKnown`: whom the pages are shown to; undefined: to nobody. */
export const listen = async (
  address: string,
  middleware: Middleware,
  isKnown: ((req: IncomingMessage) => boolean) | undefined,
): Promise<Listener> => {
  const at = address.lastIndexOf(':');
  const server = createServer((req, res) => {
    const { url = '/' } = req;
    const below = belowPages(url);
    if (url === '/') {
      res.writeHead(302, { Location: `.${PAGES}/` }).end();
      return;
    }
    if (below !== undefined && isKnown === undefined) {
      // asked for a password, a browser would ask for ever, as none is right
      res.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end(NO_PAGES);
      return;
    }
    if (below !== undefined && isKnown?.(req) !== true) {
      const realm = 'Basic realm="Baton: any name, and the token as the password", charset="UTF-8"';
      res.writeHead(401, { 'WWW-Authenticate': realm }).end();
      return;
    }
    if (below !== undefined) req.url = below;
    // as a host tells it that has cut something off: pages are there and nowhere else
    const ctx = { req, res, originalUrl: url };
    void middleware(ctx, () => Promise.resolve(res.writeHead(404).end())).catch(() => res.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(address.slice(at + 1)), address.slice(0, at).replace(/^\[|\]$/g, ''), resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
