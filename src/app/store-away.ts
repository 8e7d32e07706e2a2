/** How long does a question wait for a store that is away? A little, since stores restart; then whoever asked is told. */
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from './errors.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import type { EventStore, StoreError } from './ports.js';
import type { ReadModel } from './read-models.js';
import { isFinal, PATIENCE_MS, StoreAway } from './store-outage.js';

const PAUSE_MS = 250;
/** Work that takes longer is taken for slow as long as the store answers something else meanwhile. */
const LOOK_EVERY_MS = 250;

export interface Waiting {
  readonly store: Pick<EventStore, 'head'>;
  /** 5 s when absent. */
  readonly patienceMs?: number;
}

/** Both throw `StoreAway` when the store has not answered for as long as the patience. */
export interface Patience {
  /** The last event of the store. */
  readonly head: () => Promise<Recorded<RawEvent> | undefined>;
  /** What the work comes to, however long that takes while the store is there. Given up, it goes on by itself. */
  readonly whileThere: <A>(work: Promise<A>) => Promise<A>;
}

const pause = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    // many are left behind by those who were answered in time
    setTimeout(() => {
      resolve(undefined);
    }, ms).unref();
  });

export const patienceWith = ({ store, patienceMs = PATIENCE_MS }: Waiting): Patience => {
  const silent: StoreError = {
    code: 'store_unavailable',
    why: 'timed_out',
    message: `the event store did not answer within ${patienceMs / 1000} s`,
  };

  const head: Patience['head'] = async () => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const asked: Promise<E.Either<StoreError, Recorded<RawEvent> | undefined>> = store.head()();
      const found = await Promise.race([asked, pause(deadline - performance.now())]);
      if (found === undefined) throw new StoreAway(silent);
      if (E.isRight(found)) return found.right;
      if (isFinal(found.left) || performance.now() + PAUSE_MS > deadline) throw new StoreAway(found.left);
      await pause(PAUSE_MS);
    }
  };

  const whileThere: Patience['whileThere'] = async (work) => {
    const done = work.then((value) => ({ value }));
    // given up below, it may still be rejected when everything is closed
    done.catch(() => undefined);
    for (;;) {
      const found =
        (await Promise.race([done, pause(LOOK_EVERY_MS)])) ??
        (await Promise.race([done, head().then(() => undefined)]));
      if (found !== undefined) return found.value;
    }
  };

  return { head, whileThere };
};

/** The same model; but what waits for the store for ever gives up. For those who are waited for themselves. */
export const impatient = <View>(model: ReadModel<View>, waiting: Waiting): ReadModel<View> => {
  const { head, whileThere } = patienceWith(waiting);
  const waitFor: ReadModel<View>['waitFor'] = (position) => whileThere(model.waitFor(position));
  return {
    ...model,
    waitFor,
    caughtUp: async () => {
      const last = await head();
      if (last !== undefined) await waitFor(last.position);
    },
    rebuild: async () => {
      await head();
      return whileThere(model.rebuild());
    },
  };
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
