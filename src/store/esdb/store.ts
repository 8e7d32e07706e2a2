/** An event store at a server that speaks the protocol of EventStoreDB, by the official client. */
import * as E from 'fp-ts/lib/Either.js';
import { Observable } from 'rxjs';
import type { CaughtUp, EventStore } from '../../app/ports.js';
import type { RawEvent, Recorded } from '../../kernel/recorded.js';
import { badPosition, closedError } from '../errors.js';
import { parseAddress, type EsdbAddressError, type EsdbCredentials } from './address.js';
import { appendsOf } from './appends.js';
import { askOf } from './ask.js';
import { loadClient, type Client } from './client.js';
import { openConnection } from './connection.js';
import { failuresOf, scrubber } from './failures.js';
import { startFollowing, type Follower, type FollowOptions } from './follow.js';
import { pairOf } from './positions.js';
import { readsOf } from './reads.js';

export interface EsdbOptions {
  /** `esdb://…` or `esdb+discover://…`. */
  readonly address: string;
  /** Go before those in the address. */
  readonly credentials?: EsdbCredentials;
  /** How long a server may be silent before an answer is no longer waited for; 10 s when absent. */
  readonly patienceMs?: number;
  /** For an operator's eyes: told once for each outage of a subscription. */
  readonly onProblem?: (message: string) => void;
}

const PATIENCE_MS = 10_000;
/** Checks the address and loads the client; a connection is made when it is first needed. */
export const openEsdbStore = async (
  options: EsdbOptions,
): Promise<E.Either<EsdbAddressError, EventStore>> => {
  const { patienceMs = PATIENCE_MS, onProblem = () => undefined } = options;
  const parsed = parseAddress(options.address, options.credentials);
  if (E.isLeft(parsed)) return parsed;
  const { connectionString, shown, secrets, credentialsUnused } = parsed.right;
  const scrub = scrubber(secrets);
  const toError = failuresOf(shown, scrub);
  if (credentialsUnused)
    onProblem(
      `user and password are not sent to the event store ${shown}, since tls=false; it must not need them`,
    );

  const make = await loadClient();
  let first: Client;
  try {
    first = make(connectionString);
  } catch (error) {
    const message = scrub(error instanceof Error ? error.message : String(error));
    return E.left({
      code: 'store_address',
      message: `the address ${shown} was expected to be usable, but: ${message}`,
      hint: 'see the page on EventStoreDB in the docs for what it can hold',
    });
  }
  let unused: Client | undefined = first;
  const connection = openConnection(() => {
    const client = unused ?? make(connectionString);
    unused = undefined;
    return client;
  });
  let closed = false;
  const followers = new Set<Follower>();
  // all subscriptions break together: one of them tells it
  let isTold = false;
  const following: FollowOptions = {
    connection,
    patienceMs,
    onOutage: (error) => {
      const told = toError(error, { what: 'a subscription' });
      if (!isTold) onProblem('message' in told ? told.message : told.code);
      isTold = true;
    },
    onConfirmed: () => {
      isTold = false;
    },
  };

  const ask = askOf({ connection, patienceMs, toError, isClosed: () => closed });

  return E.right({
    ...appendsOf(ask),
    ...readsOf(ask),
    subscribe: (from, filter) =>
      new Observable<Recorded<RawEvent> | CaughtUp>((subscriber) => {
        const isPlace = from === 'start' || pairOf(from) !== undefined;
        if (closed || !isPlace) {
          subscriber.error(closed ? closedError() : badPosition(from));
          return undefined;
        }
        const follower = startFollowing(following, subscriber, from, filter);
        followers.add(follower);
        return () => {
          followers.delete(follower);
          follower.stop();
        };
      }),
    close: async () => {
      closed = true;
      for (const follower of [...followers]) follower.fail(closedError());
      await connection.close();
    },
  });
};
