/** A TCP proxy between the server and a runner, which can do to the bytes what networks do. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Of the bytes in both directions, from now on. */
export interface Weather {
  /** Each piece comes so much later. */
  readonly delayMs?: number;
  /** So many bytes a second pass, in pieces; absent: all. */
  readonly bytesPerSecond?: number;
}

export interface Link {
  readonly port: number;
  readonly weather: (weather: Weather) => void;
  /** Passes nothing in either direction any more, on the connections that there are; nobody is told. */
  readonly mute: () => void;
  /** When so many more bytes have come from the runner, the piece is cut there and the connections end as `how` says. */
  readonly cutAfter: (bytes: number, how: Cut) => Promise<void>;
  readonly cut: (how: Cut) => void;
  /** Nobody listens at the port any more, and what was connected is cut; until `open`. */
  readonly refuse: () => Promise<void>;
  readonly open: () => Promise<void>;
  /** How many connections were cut or muted so far. */
  readonly harmed: () => number;
  /** Bytes that have come from the runner so far. */
  readonly fromRunner: () => number;
  readonly close: () => Promise<void>;
}

/** `half`: the runner's direction ends, and the server's stays open; `reset`: RST in place of FIN. */
export type Cut = 'end' | 'half' | 'reset';

const TICK_MS = 50;

/** Passes one direction on, as the weather is. */
const pipe = (from: Socket, to: Socket, weather: () => Weather, filter: (bytes: Buffer) => Buffer): void => {
  let queue: Promise<void> = Promise.resolve();
  const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const put = async (bytes: Buffer): Promise<void> => {
    if (!to.writable || bytes.length === 0) return;
    if (!to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
  };
  const pass = async (bytes: Buffer, cameAt: number): Promise<void> => {
    const { delayMs = 0, bytesPerSecond } = weather();
    const wait = cameAt + delayMs - performance.now();
    if (wait > 0) await later(wait);
    if (bytesPerSecond === undefined) {
      await put(bytes);
      return;
    }
    const size = Math.max(1, Math.floor((bytesPerSecond * TICK_MS) / 1000));
    for (let at = 0; at < bytes.length; at += size) {
      await put(bytes.subarray(at, at + size));
      await later(TICK_MS);
    }
  };
  let waiting = 0;
  from.on('data', (piece) => {
    const bytes = filter(piece);
    const cameAt = performance.now();
    waiting += bytes.length;
    if (waiting > 1024 * 1024) from.pause();
    queue = queue
      .then(() => pass(bytes, cameAt))
      .catch(() => undefined)
      .then(() => {
        waiting -= bytes.length;
        if (from.isPaused()) from.resume();
      });
  });
  from.on('end', () => {
    void queue.then(() => to.end());
  });
};

export const linkTo = async (target: number): Promise<Link> => {
  interface Pair {
    readonly server: Socket;
    readonly runner: Socket;
    isMute: boolean;
  }
  const pairs = new Set<Pair>();
  let weather: Weather = {};
  let armed: { left: number; readonly how: Cut; readonly done: () => void } | undefined;
  let harmed = 0;
  let fromRunner = 0;
  let listener: Server | undefined;
  let port = 0;

  const cutPair = (pair: Pair, how: Cut): void => {
    harmed += 1;
    if (how === 'half') {
      // what the server still sends is taken and answered by nobody
      pair.isMute = true;
      pair.server.end();
      return;
    }
    for (const socket of [pair.server, pair.runner])
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
  };
  const cut = (how: Cut): void => {
    for (const pair of [...pairs]) cutPair(pair, how);
  };

  const take = (server: Socket): void => {
    const runner = connect(target, '127.0.0.1');
    const pair: Pair = { server, runner, isMute: false };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      server.destroy();
      runner.destroy();
    };
    for (const socket of [server, runner]) socket.setNoDelay(true).on('error', end).on('close', end);
    const unlessMute = (bytes: Buffer): Buffer => (pair.isMute ? Buffer.alloc(0) : bytes);
    pipe(server, runner, () => weather, unlessMute);
    pipe(
      runner,
      server,
      () => weather,
      (bytes) => {
        fromRunner += bytes.length;
        if (armed === undefined || pair.isMute) return unlessMute(bytes);
        armed.left -= bytes.length;
        if (armed.left > 0) return bytes;
        const { how, done, left } = armed;
        armed = undefined;
        const kept = bytes.subarray(0, bytes.length + left);
        // the first part of a packet comes, and then the end
        server.write(kept, () => {
          cut(how);
          done();
        });
        return Buffer.alloc(0);
      },
    );
  };

  const open = async (): Promise<void> => {
    // half open: an end in one direction is no end of the other
    const made = createServer({ allowHalfOpen: true }, take).listen(port, '127.0.0.1');
    await once(made, 'listening');
    port = (made.address() as AddressInfo).port;
    listener = made;
  };
  const refuse = async (): Promise<void> => {
    const closing = listener;
    listener = undefined;
    if (closing === undefined) return;
    const closed = once(closing, 'close');
    closing.close();
    cut('end');
    await closed;
  };
  await open();
  return {
    port,
    weather: (now) => (weather = now),
    mute: () => {
      for (const pair of pairs) {
        if (!pair.isMute) harmed += 1;
        pair.isMute = true;
      }
    },
    cutAfter: (bytes, how) =>
      new Promise((resolve) => {
        armed = { left: bytes, how, done: resolve };
      }),
    cut,
    refuse,
    open,
    harmed: () => harmed,
    fromRunner: () => fromRunner,
    close: refuse,
  };
};
