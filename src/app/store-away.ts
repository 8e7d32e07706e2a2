/** How long does a question wait for a store that is away? A little, since stores restart; then whoever asked is told. */
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from './errors.js';
import { storeFailure } from './handle.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import type { EventStore, StoreError } from './ports.js';
import type { ReadModel } from './read-models.js';

/** A server that restarts is often back by then; a person would soon think that nothing happens at all. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 250;

/** Thrown where a view cannot be brought up to date; `tellingOfStore` makes a refusal of it. */
export class StoreAway extends Error {
  readonly error: AppError;

  constructor(error: StoreError) {
    const told = storeFailure(error);
    super(told.message);
    this.name = 'StoreAway';
    this.error = told;
  }
}

export interface Waiting {
  readonly store: Pick<EventStore, 'head'>;
  /** 5 s when absent. */
  readonly patienceMs?: number;
}

const pause = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    // many are left behind by those who were answered in time
    setTimeout(() => {
      resolve(undefined);
    }, ms).unref();
  });

/** The same model; but `caughtUp`, which waits for the store for ever, gives up. For those who are waited for themselves. */
export const impatient = <View>(
  model: ReadModel<View>,
  { store, patienceMs = PATIENCE_MS }: Waiting,
): ReadModel<View> => {
  const silent: StoreError = {
    code: 'store_unavailable',
    why: 'timed_out',
    message: `the event store did not answer within ${patienceMs / 1000} s`,
  };

  /** The head, or why there was none until the patience ended. */
  const head = async () => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const asked: Promise<E.Either<StoreError, Recorded<RawEvent> | undefined>> = store.head()();
      const found = await Promise.race([asked, pause(deadline - performance.now())]);
      if (found === undefined) throw new StoreAway(silent);
      if (E.isRight(found)) return found.right;
      const isFinal = found.left.code === 'store_unavailable' && found.left.why === 'closed';
      if (isFinal || performance.now() + PAUSE_MS > deadline) throw new StoreAway(found.left);
      await pause(PAUSE_MS);
    }
  };

  const caughtUp = async (): Promise<void> => {
    const last = await head();
    if (last === undefined) return;
    const reached = model.waitFor(last.position).then(() => true);
    // given up below, it may still be rejected when the model is closed
    reached.catch(() => undefined);
    // the store may go away between the head and the events before it; a long fold with a store that is there goes on
    while ((await Promise.race([reached, pause(patienceMs)])) === undefined) await head();
  };

  return { ...model, caughtUp };
};

/** All of them. */
export const allImpatient = <Models extends { readonly [K in keyof Models]: ReadModel<unknown> }>(
  models: Models,
  waiting: Waiting,
): Models =>
  Object.fromEntries(
    Object.entries<ReadModel<unknown>>(models).map(([name, model]) => [name, impatient(model, waiting)]),
  ) as Models;

/** What it answers; or, where it meets a store that is away, that. */
export const orStoreAway = async <A>(
  work: () => Promise<E.Either<AppError, A>>,
): Promise<E.Either<AppError, A>> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreAway) return E.left(error.error);
    throw error;
  }
};

const isTask = (value: unknown): value is () => Promise<E.Either<AppError, unknown>> =>
  typeof value === 'function';

/** The same use cases; where one that answers with an Either meets a store that is away, that is its answer. */
export const tellingOfStore = <UseCases extends object>(useCases: UseCases): UseCases =>
  Object.fromEntries(
    Object.entries(useCases).map(([name, useCase]: [string, unknown]) => [
      name,
      typeof useCase !== 'function'
        ? useCase
        : (...args: readonly unknown[]): unknown => {
            const made: unknown = Reflect.apply(useCase, undefined, args);
            return isTask(made) ? () => orStoreAway(made) : made;
          },
    ]),
  ) as UseCases;
