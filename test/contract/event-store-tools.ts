/** What the event store's contract needs to make events and to wait for them. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { CaughtUp, EventStore, NewEvent, StoreError, StoreFilter } from '../../src/app/ports.js';
import type { Metadata, RawEvent, Recorded } from '../../src/kernel/recorded.js';

export type Seen = Recorded<RawEvent>;

export const metadata = (commandId = 'command'): Metadata => ({
  commandId,
  bodySha256: '00',
  recordedAt: '2026-01-31T12:00:00.000Z',
  actor: 'tester',
  schema: 1,
});

/** A new event with an id of its own unless one is given. */
export const event = (data: unknown = {}, type = 'Happened', id: string = randomUUID()): NewEvent => ({
  id,
  event: { type, data },
  metadata: metadata(),
});

/** The value, or a test failure that shows the error. */
export const ok = async <A>(task: TaskEither<StoreError, A>): Promise<A> => {
  const result = await task();
  if (E.isLeft(result)) expect.fail(`expected success, found ${JSON.stringify(result.left)}`);
  return result.right;
};

/** The error, or a test failure that shows the value. */
export const refusal = async <A>(task: TaskEither<StoreError, A>): Promise<StoreError> => {
  const result = await task();
  if (E.isRight(result)) expect.fail(`expected an error, found ${JSON.stringify(result.right)}`);
  return result.left;
};

/** What was given by a subscription so far, and ways to wait for more. */
export interface Watch {
  readonly seen: readonly Seen[];
  readonly caughtUps: () => number;
  readonly error: () => unknown;
  readonly until: (isEnough: () => boolean) => Promise<void>;
  readonly stop: () => void;
}

/** Subscribes at once. */
export const watch = (
  store: EventStore,
  from: Parameters<EventStore['subscribe']>[0],
  filter?: StoreFilter,
): Watch => {
  const seen: Seen[] = [];
  let [caughtUps, failure]: [number, unknown] = [0, undefined];
  let check: () => void = () => undefined;
  const isMarker = (signal: Seen | CaughtUp): signal is CaughtUp => 'caughtUp' in signal;
  const subscription = store.subscribe(from, filter).subscribe({
    next: (signal) => {
      if (isMarker(signal)) caughtUps += 1;
      else seen.push(signal);
      check();
    },
    error: (error: unknown) => {
      failure = error;
      check();
    },
  });
  return {
    seen,
    caughtUps: () => caughtUps,
    error: () => failure,
    until: (isEnough) =>
      new Promise((resolve, reject) => {
        const deadline = setTimeout(() => {
          reject(
            new Error(
              `waited 8 s in vain; ${String(seen.length)} events seen, error ${JSON.stringify(failure)}`,
            ),
          );
        }, 8_000);
        check = () => {
          if (!isEnough()) return;
          clearTimeout(deadline);
          check = () => undefined;
          resolve();
        };
        check();
      }),
    stop: () => {
      subscription.unsubscribe();
    },
  };
};
