/**
 * Which client is in use, and what becomes of a broken one? It is given up as a whole and ended before the next one is
 * made. The client keeps the appends that wait for an answer in one list for the whole process, and empties it when any
 * of its batch streams breaks; an answer that comes later for one of the others ends the process. So no two may live.
 */
import type { Client } from './client.js';
import { causeOf, ConnectionGone, WaitedInVain } from './failures.js';

export interface Link {
  readonly client: Client;
  /** Calls back once when the link is given up, at once if it has been. Answers how to forget it. */
  readonly onGone: (listener: () => void) => () => void;
}

export interface Connection {
  /** Rejects when closed. */
  readonly current: () => Promise<Link>;
  /** Gives a link up, unless that was done. */
  readonly drop: (link: Link) => void;
  readonly close: () => Promise<void>;
}

interface Held extends Link {
  readonly giveUp: () => void;
}

const hold = (client: Client): Held => {
  let listeners: Set<() => void> | undefined = new Set();
  return {
    client,
    onGone: (listener) => {
      if (listeners === undefined) listener();
      listeners?.add(listener);
      return () => listeners?.delete(listener);
    },
    giveUp: () => {
      const told = listeners ?? [];
      listeners = undefined;
      for (const listener of told) listener();
    },
  };
};

/**
 * Ending a client cancels its streams at once, so that no answer comes any more, and then waits until each says that it is
 * over. One that nobody reads may never say so: it is waited for no longer than this.
 */
const ENDING_MS = 2000;

const ended = async (client: Pick<Client, 'dispose'>, atMostMs: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, atMostMs);
  });
  await Promise.race([client.dispose().catch(() => undefined), enough]);
  clearTimeout(timer);
};

/** Connects when first used. */
export const openConnection = (make: () => Client, endingMs = ENDING_MS): Connection => {
  let held: Held | undefined = hold(make());
  let ending: Promise<unknown> = Promise.resolve();
  let closed = false;

  const giveUp = (): void => {
    const old = held;
    if (old === undefined) return;
    held = undefined;
    ending = ended(old.client, endingMs);
    old.giveUp();
  };

  return {
    current: async () => {
      await ending;
      if (closed) throw new ConnectionGone('closed');
      held ??= hold(make());
      return held;
    },
    drop: (link) => {
      if (link === held) giveUp();
    },
    close: async () => {
      closed = true;
      giveUp();
      await ending;
    },
  };
};

const BREAKS: readonly string[] = ['unreachable', 'timed_out', 'tls'];

/** After this the link may be half dead. */
export const isBreak = (error: unknown): boolean => BREAKS.includes(causeOf(error));

/**
 * One try over the current link. Waits at most `patienceMs`, counted anew from each sign of life: the client itself has no
 * timer for batches, nor a deadline for reads.
 */
export const tryOnce = async <A>(
  connection: Connection,
  patienceMs: number,
  work: (client: Client, alive: () => void) => Promise<A>,
): Promise<A> => {
  const link = await connection.current();
  let forget: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<A>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new WaitedInVain(`nothing came for ${String(patienceMs)} ms`));
      }, patienceMs);
      forget = link.onGone(() => {
        reject(new ConnectionGone('the connection broke'));
      });
      work(link.client, () => timer?.refresh()).then(resolve, reject);
    });
  } catch (error) {
    if (isBreak(error)) connection.drop(link);
    throw error;
  } finally {
    clearTimeout(timer);
    forget();
  }
};
