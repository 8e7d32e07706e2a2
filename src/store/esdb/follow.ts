/**
 * How does a subscriber get every event once, in order, over a connection that breaks? The client does not subscribe again
 * by itself, so this does: from the last event given, or checkpoint, with growing pauses. It ends only when the store is closed.
 */
import type { Subscriber } from 'rxjs';
import type { CaughtUp, StoreError, StoreFilter } from '../../app/ports.js';
import { comparePositions, type Position, type RawEvent, type Recorded } from '../../kernel/recorded.js';
import type { ServerFilter } from './client-follow.js';
import { isBreak, tryOnce, type Connection } from './connection.js';
import { ConnectionGone } from './failures.js';
import { isWanted } from './reads.js';

type Signal = Recorded<RawEvent> | CaughtUp;

export interface Follower {
  /** Ends it with an error. */
  readonly fail: (error: StoreError) => void;
  readonly stop: () => void;
}

export interface FollowOptions {
  readonly connection: Connection;
  readonly patienceMs: number;
  /** Told once for each outage of this subscription. */
  readonly onOutage: (error: unknown) => void;
  /** A server has taken the subscription. */
  readonly onConfirmed: () => void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** No system streams. */
const OURS: ServerFilter = { on: 'streamName', regex: '^[^$]' };

/** As much of a filter as a server can apply: one of names and types, and no empty prefix. The rest is done here. */
export const serverFilterOf = (filter: StoreFilter | undefined): ServerFilter => {
  const { streamPrefixes, typePrefixes } = filter ?? {};
  const usable = (prefixes: readonly string[] | undefined, other: readonly string[] | undefined): boolean =>
    prefixes !== undefined && prefixes.length > 0 && !prefixes.includes('') && (other ?? []).length === 0;
  if (streamPrefixes !== undefined && usable(streamPrefixes, typePrefixes))
    return { on: 'streamName', prefixes: streamPrefixes };
  if (typePrefixes !== undefined && usable(typePrefixes, streamPrefixes))
    return { on: 'eventType', prefixes: typePrefixes };
  return OURS;
};

export const startFollowing = (
  { connection, patienceMs, onOutage, onConfirmed }: FollowOptions,
  subscriber: Subscriber<Signal>,
  from: Position | 'start',
  filter: StoreFilter | undefined,
): Follower => {
  const serverFilter = serverFilterOf(filter);
  let [reached, stopped, failures] = [from, false, 0];
  const isStopped = (): boolean => stopped;
  let wake: () => void = () => undefined;

  const isNew = (position: Position): boolean =>
    reached === 'start' || comparePositions(position, reached) > 0;

  /** Follows until this connection's end; throws why. */
  const once = async (): Promise<void> => {
    const link = await connection.current();
    // servers before 23.10 never say that one has caught up: what was last when it began is another way to know
    const [end] = await tryOnce(connection, patienceMs, (client, alive) =>
      client.readAll('end', 'backwards', 1, alive),
    );
    let isLive = false;
    const caughtUp = (): void => {
      isLive = true;
      if (!isStopped()) subscriber.next({ caughtUp: true });
    };
    const move = (position: Position): void => {
      if (isNew(position)) reached = position;
      if (!isLive && end !== undefined && comparePositions(position, end.position) >= 0) caughtUp();
    };
    await new Promise<void>((resolve, reject) => {
      let stop: () => void = () => undefined;
      let forget: () => void = () => undefined;
      function over(error: unknown): void {
        forget();
        stop();
        if (error === undefined || isStopped()) resolve();
        else reject(error instanceof Error ? error : new ConnectionGone('the subscription ended'));
      }
      wake = () => {
        over(undefined);
      };
      if (isStopped()) {
        over(undefined);
        return;
      }
      forget = link.onGone(() => {
        over(new ConnectionGone('the connection broke'));
      });
      stop = link.client.follow(reached, serverFilter, {
        event: (event) => {
          failures = 0;
          if (isStopped() || !isNew(event.position)) return;
          if (isWanted(filter, event)) subscriber.next(event);
          move(event.position);
        },
        checkpoint: move,
        confirmed: () => {
          failures = 0;
          onConfirmed();
          if (end === undefined || !isNew(end.position)) caughtUp();
        },
        caughtUp,
        over: (error) => {
          if (isBreak(error)) connection.drop(link);
          over(error);
        },
      });
    });
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async (): Promise<void> => {
    while (!isStopped()) {
      try {
        await once();
      } catch (error) {
        if (failures === 0 && !isStopped()) onOutage(error);
      }
      if (isStopped()) return;
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS));
      failures += 1;
    }
  };
  void run();

  const stop = (): void => {
    stopped = true;
    wake();
  };
  return {
    stop,
    fail: (error) => {
      stop();
      subscriber.error(error);
    },
  };
};
