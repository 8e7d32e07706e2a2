/** Baton's own API beside Screwdriver's, for runners, logs and history: a listener on the loopback, and who has the token is admin. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { HostUser, Middleware, MiddlewareContext } from '../../contract.js';

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** For the option `authenticate` of Baton: anybody else needs a token of Baton's. `token`: undefined when there is none. */
export const adminBy =
  (token: string | undefined) =>
  ({ req }: MiddlewareContext): HostUser | undefined => {
    const [, given] = /^Bearer (\S+)$/.exec(req.headers.authorization ?? '') ?? [];
    return token !== undefined && given !== undefined && timingSafeEqual(digest(token), digest(given))
      ? { actor: 'screwdriver-admin', role: 'admin' }
      : undefined;
  };

export interface Listener {
  readonly close: () => Promise<void>;
}

/** Rejects when the address cannot be had. `address`: HOST:PORT. */
export const listen = async (address: string, middleware: Middleware): Promise<Listener> => {
  const at = address.lastIndexOf(':');
  const server = createServer((req, res) => {
    void middleware({ req, res }, () => Promise.resolve(res.writeHead(404).end())).catch(() => res.destroy());
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
