/** How are all events of a store taken in order, without filling memory and without keeping everybody else waiting? */
import { setImmediate, setTimeout } from 'node:timers/promises';
import * as E from 'fp-ts/lib/Either.js';
import { Subscription } from 'rxjs';
import type { Position, RawEvent, Recorded } from '../kernel/recorded.js';
import { comparePositions } from '../kernel/recorded.js';
import type { CaughtUp, EventStore, StoreError } from './ports.js';

/** Where to go on, asked anew each time; the empty text is before everything. `take` moves it. */
export interface Follower {
  readonly position: () => Position;
  readonly take: (recorded: Recorded<RawEvent>) => void;
  readonly signal: AbortSignal;
}

const PAGE = 500;
/** Events between two turns of the event loop. */
const SLICE = 200;

const isEvent = (item: Recorded<RawEvent> | CaughtUp): item is Recorded<RawEvent> => !('caughtUp' in item);

/** One line for any failure: a StoreError, an Error, or something else. */
export const textOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return String(error);
  return 'message' in error ? String(error.message) : JSON.stringify(error);
};

/** What a store answered instead of events. */
export class StoreFailed extends Error {
  readonly error: StoreError;

  constructor(error: StoreError) {
    super(textOf(error), { cause: error });
    this.name = 'StoreFailed';
    this.error = error;
  }
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(textOf(error), { cause: error });

const takeAll = async (events: readonly Recorded<RawEvent>[], { take, signal }: Follower): Promise<void> => {
  for (const [i, recorded] of events.entries()) {
    if (signal.aborted) return;
    take(recorded);
    if (i % SLICE === SLICE - 1) await setImmediate();
  }
};

/** Page by page to the end of the store, so that memory holds one page whatever the length of history. Throws `StoreFailed`. */
export const readToEnd = async (store: Pick<EventStore, 'readAll'>, follower: Follower): Promise<void> => {
  while (!follower.signal.aborted) {
    const from = follower.position();
    const page = await store.readAll(from === '' ? 'start' : from, { maxCount: PAGE })();
    if (E.isLeft(page)) throw new StoreFailed(page.left);
    const after = follower.position();
    const news = page.right.filter(({ position }) => comparePositions(position, after) > 0);
    if (news.length === 0) return;
    await takeAll(news, follower);
    await setImmediate();
  }
};

/** Takes what is written from now on. Resolves when the subscription ends or `signal` says stop; throws on a store error. */
export const follow = (store: Pick<EventStore, 'subscribe'>, follower: Follower): Promise<void> =>
  new Promise((resolve, reject) => {
    const { signal } = follower;
    let waiting: Recorded<RawEvent>[] = [];
    let draining = false;
    const drain = async (): Promise<void> => {
      draining = true;
      while (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        await takeAll(batch, follower);
      }
      draining = false;
    };
    const following = new Subscription();
    const stop = (): void => {
      following.unsubscribe();
      resolve();
    };
    following.add(() => {
      signal.removeEventListener('abort', stop);
    });
    signal.addEventListener('abort', stop);
    const from = follower.position();
    following.add(
      store.subscribe(from === '' ? 'start' : from).subscribe({
        next: (item) => {
          if (!isEvent(item)) return;
          waiting.push(item);
          if (!draining) void drain();
        },
        error: (error: unknown) => {
          following.unsubscribe();
          reject(asError(error));
        },
        complete: stop,
      }),
    );
    if (signal.aborted) stop();
  });

/** Waits that long, or until `signal` says stop. Keeps no process alive. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => undefined);
};
