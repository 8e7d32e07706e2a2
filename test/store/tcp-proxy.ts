/** A TCP proxy before a node, which can swallow answers, cut connections, or refuse new ones. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** `mute`: what the node answers is swallowed. Connections made later pass again. */
  readonly mute: () => void;
  /** Ends all connections at once. */
  readonly cut: () => void;
  /**
   * The next bytes from a client, if they are at least so many, are passed on, and its connection is cut before any answer.
   * Resolves when that was done.
   */
  readonly cutAfterNext: (atLeast: number) => Promise<void>;
  /** Bytes that came from clients so far. */
  readonly received: () => number;
  readonly close: () => Promise<void>;
}

interface Pair {
  readonly sockets: readonly Socket[];
  isMute: boolean;
}

export const proxyTo = async (port: number): Promise<Proxy> => {
  const pairs = new Set<Pair>();
  let received = 0;
  let armed: { readonly atLeast: number; readonly done: () => void } | undefined;
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    const pair: Pair = { sockets: [inner, outer], isMute: false };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      inner.destroy();
      // what was ended with its last bytes is left to the other side
      if (!outer.writableEnded) outer.destroy();
    };
    for (const socket of pair.sockets) socket.on('error', end).on('close', end);
    inner.on('data', (bytes) => {
      received += bytes.length;
      if (armed === undefined || bytes.length < armed.atLeast) {
        outer.write(bytes);
        return;
      }
      const { done } = armed;
      armed = undefined;
      pair.isMute = true;
      // ended and not destroyed: a reset could take back what was passed on
      outer.end(bytes, () => {
        inner.destroy();
        done();
      });
    });
    outer.on('data', (bytes) => {
      if (!pair.isMute) inner.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const { sockets } of [...pairs]) for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    mute: () => {
      for (const pair of pairs) pair.isMute = true;
    },
    cut,
    cutAfterNext: (atLeast) =>
      new Promise((resolve) => {
        armed = { atLeast, done: resolve };
      }),
    received: () => received,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
};
