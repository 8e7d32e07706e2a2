/** One question to the server, answered with a value: tried again after a broken connection where that does no harm. */
import * as E from 'fp-ts/lib/Either.js';
import type { StoreError } from '../../app/ports.js';
import { closedError } from '../errors.js';
import type { Client } from './client.js';
import { tryOnce, type Connection } from './connection.js';
import { causeOf, type Asked } from './failures.js';

/** `mayRepeat`, true when absent: a second try after a broken connection does no harm. */
export type Ask = <A>(
  asked: Asked,
  work: (client: Client, alive: () => void) => Promise<A>,
  mayRepeat?: boolean,
) => Promise<E.Either<StoreError, A>>;

export interface AskOptions {
  readonly connection: Connection;
  readonly patienceMs: number;
  readonly toError: (error: unknown, asked: Asked) => StoreError;
  readonly isClosed: () => boolean;
}

/** A server that restarts, or a leader that changes, is often back by the end of this. */
const PAUSES_MS = [50, 200, 500];
const REPEATED: readonly string[] = ['unreachable', 'not_leader'];

const afterPause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const askOf =
  ({ connection, patienceMs, toError, isClosed }: AskOptions): Ask =>
  async (asked, work, mayRepeat = true) => {
    let lastSignMs = performance.now();
    for (let attempt = 0; ; attempt += 1) {
      if (isClosed()) return E.left(closedError());
      try {
        return E.right(
          await tryOnce(connection, patienceMs, (client, alive) =>
            work(client, () => {
              lastSignMs = performance.now();
              alive();
            }),
          ),
        );
      } catch (error) {
        // at a server that is frozen, each who waits in vain breaks the connection of all: they would try for each other's sake
        const isLate = performance.now() - lastSignMs >= patienceMs;
        const pauseMs =
          mayRepeat && !isLate && REPEATED.includes(causeOf(error)) ? PAUSES_MS[attempt] : undefined;
        // what was asked of a store that is being closed was answered by that
        if (pauseMs === undefined) return E.left(isClosed() ? closedError() : toError(error, asked));
        await afterPause(pauseMs);
      }
    }
  };
