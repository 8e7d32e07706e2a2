/** An address that is known before the server is: what comes there goes to wherever the server listens by then. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Door {
  readonly url: string;
  /** Opens it to a server; before that, who comes is turned away. */
  readonly leadsTo: (url: string) => void;
  readonly close: () => Promise<void>;
}

export const aDoor = async (): Promise<Door> => {
  let target: number | undefined;
  const sockets = new Set<Socket>();
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const server = createServer((from) => {
    kept(from);
    if (target === undefined) {
      from.destroy();
      return;
    }
    const to = kept(connect(target, '127.0.0.1'));
    from.pipe(to).pipe(from);
    from.once('close', () => to.destroy());
    to.once('close', () => from.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadsTo: (url) => void (target = Number(new URL(url).port)),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
