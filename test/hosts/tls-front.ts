/** TLS in front of a server that speaks plain HTTP, as a reverse proxy has it; it can be away, and answer for itself. */
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:tls';

export interface TlsFront {
  readonly url: string;
  readonly port: number;
  readonly leadTo: (url: string) => void;
  readonly close: () => Promise<void>;
}

/** `cert` and `key` are files in PEM form. `port` 0: a free one. */
export const openTlsFront = async (
  { cert, key }: { readonly cert: string; readonly key: string },
  port = 0,
): Promise<TlsFront> => {
  let target = new URL('http://127.0.0.1:1');
  const sockets = new Set<Socket>();
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    const to = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [socket, to],
      [to, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  // a client that does not trust the certificate leaves in the middle of the handshake
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.address() as AddressInfo;
  return {
    ...{ url: `https://127.0.0.1:${taken}`, port: taken },
    leadTo: (url) => {
      target = new URL(url);
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
