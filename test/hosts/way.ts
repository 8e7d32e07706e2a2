/** A way to the server that a test can trouble: it holds answers, loses them, and remembers what was asked. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Asked = (method: string, path: string) => boolean;

export interface Way {
  readonly url: string;
  /** Requests that were passed on, as `POST /api/v1/…`. */
  readonly asked: () => readonly string[];
  /** Another server stands behind it from now on. */
  readonly leadTo: (url: string) => void;
  /** Requests that fit wait until the answer is called. */
  readonly hold: (which: Asked) => () => void;
  /** The next request that fits is passed on, and its answer lost. */
  readonly lose: (which: Asked) => void;
  readonly close: () => Promise<void>;
}

export const openWay = async (): Promise<Way> => {
  const asked: string[] = [];
  let target = '';
  let held: { readonly which: Asked; readonly over: Promise<void> } | undefined;
  let lost: Asked | undefined;

  const pass = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = '', url = '', headers } = incoming;
    asked.push(`${method} ${url}`);
    const isLost = lost?.(method, url) === true;
    if (isLost) lost = undefined;
    const to = request(`${target}${url}`, {
      method,
      headers: { ...headers, host: new URL(target).host },
      agent: false,
    });
    to.once('response', (from) => {
      if (isLost) {
        from.resume();
        from.once('end', () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(outgoing);
    });
    to.on('error', () => outgoing.destroy());
    outgoing.once('close', () => to.destroy());
    incoming.pipe(to);
  };

  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '' } = incoming;
    if (held?.which(method, url) !== true) {
      pass(incoming, outgoing);
      return;
    }
    void held.over.then(() => {
      if (!outgoing.destroyed) pass(incoming, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    leadTo: (url) => {
      target = url;
    },
    hold: (which) => {
      let release = (): void => undefined;
      held = { which, over: new Promise((resolve) => (release = resolve)) };
      return () => {
        held = undefined;
        release();
      };
    },
    lose: (which) => {
      lost = which;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
