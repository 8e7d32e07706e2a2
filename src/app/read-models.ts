/** What do the projections say now? One reader of the store keeps all their views up to date: catch-up, then live. */
import * as E from 'fp-ts/lib/Either.js';
import type { BatonEvent } from '../events/catalog.js';
import type { Projection } from '../kernel/projection.js';
import type { Position } from '../kernel/recorded.js';
import { comparePositions } from '../kernel/recorded.js';
import { decoded } from './fold.js';
import { follow, pause, readToEnd, textOf } from './follow-store.js';
import type { EventStore } from './ports.js';
import { readOverOutages } from './store-outage.js';
import { closedError, viewKeeper, type KeeperOptions, type ViewKeeper } from './view-keeper.js';

export type { ReadModelProblem, ViewAt } from './view-keeper.js';

export interface ReadModel<View> {
  readonly name: string;
  /** The live view: it goes on changing, so take from it what is needed before the next await. */
  readonly view: () => View;
  /** The last event that the view includes; the empty text, which is before all positions, when it includes none. */
  readonly position: () => Position;
  /** The present view at once, then after each event. */
  readonly view$: ViewKeeper<View>['view$'];
  /** Resolves when the view includes what was the last event in the store when asked. */
  readonly caughtUp: () => Promise<void>;
  /** Resolves when the view includes that position; rejects when the model is closed before. */
  readonly waitFor: (position: Position) => Promise<void>;
  /**
   * Folds a fresh view beside the live one, then puts it in its place; answers how many events that took. Asked for while one
   * is under way, it is that one. A store that stays away is thrown as `StoreAway`, and the live view stays.
   */
  readonly rebuild: () => Promise<number>;
}

// any view: what is folded into one is the projection's own affair
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Projections = Readonly<Record<string, Projection<any, BatonEvent>>>;
type ViewOf<P> = P extends Projection<infer View, BatonEvent> ? View : never;

export interface ReadModels<P extends Projections> {
  readonly models: { readonly [K in keyof P]: ReadModel<ViewOf<P[K]>> };
  /** Stops, and keeps checkpoints. */
  readonly close: () => Promise<void>;
}

const BACK_OFF_MS = { first: 50, most: 5000 };

const earliest = (positions: readonly Position[]): Position =>
  positions.reduce((a, b) => (comparePositions(b, a) < 0 ? b : a));

/** Starts at once. It never fails: what goes wrong is told through `onProblem` and tried again. */
export const readModels = <P extends Projections>(
  projections: P,
  store: Pick<EventStore, 'readAll' | 'subscribe' | 'head'>,
  options: KeeperOptions,
): ReadModels<P> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const keepers = Object.entries(projections).map(([key, projection]) => ({
    key,
    projection,
    keeper: viewKeeper(projection, store, options),
  }));
  const views = keepers.map(({ keeper }) => keeper);

  const endOfStore = async (): Promise<Position> => {
    const head = await store.head()();
    if (E.isLeft(head)) throw new Error(textOf(head.left), { cause: head.left });
    return head.right?.position ?? '';
  };

  /** After a restart some views may be ahead of others, each at its own checkpoint. */
  const follower = {
    position: () => earliest(views.map((view) => view.taken())),
    take: (recorded: Parameters<typeof decoded>[0]): void => {
      const event = decoded(recorded);
      for (const view of views) view.take(event);
    },
    signal,
  };

  const run = async (): Promise<void> => {
    let restored = false;
    let backOffMs = BACK_OFF_MS.first;
    while (!signal.aborted) {
      const startedMs = performance.now();
      let problem: unknown;
      try {
        if (!restored) {
          const end = await endOfStore();
          await Promise.all(views.map((view) => view.restore(end)));
        }
        restored = true;
        await readToEnd(store, follower);
        await follow(store, follower);
      } catch (error) {
        problem = error;
      }
      if (performance.now() - startedMs > BACK_OFF_MS.most) backOffMs = BACK_OFF_MS.first;
      if (problem !== undefined && backOffMs === BACK_OFF_MS.first) {
        const names = keepers.map(({ projection }) => projection.name).join(', ');
        const message = `Views wait for the store and try again (${names}): ${textOf(problem)}`;
        options.onProblem({ model: names, code: 'store', message, cause: problem });
      }
      await pause(backOffMs, signal);
      backOffMs = Math.min(backOffMs * 2, BACK_OFF_MS.most);
    }
  };
  const running = run();

  const modelOf = <View>(name: string, keeper: ViewKeeper<View>): ReadModel<View> => {
    let rebuilding: Promise<number> | undefined;
    const rebuild = async (): Promise<number> => {
      const draft = keeper.draft();
      const take: (typeof follower)['take'] = (recorded) => {
        draft.take(decoded(recorded));
      };
      do {
        await readOverOutages(store, { position: draft.position, take, signal });
        if (signal.aborted) throw closedError(name);
      } while (comparePositions(draft.position(), keeper.position()) < 0);
      return draft.adopt();
    };
    return {
      name,
      view: keeper.view,
      position: keeper.position,
      view$: keeper.view$,
      waitFor: keeper.waitFor,
      caughtUp: async () => {
        for (let backOffMs = BACK_OFF_MS.first; ; backOffMs = Math.min(backOffMs * 2, BACK_OFF_MS.most)) {
          if (signal.aborted) throw closedError(name);
          const head = await store.head()();
          if (E.isRight(head))
            return head.right === undefined ? undefined : keeper.waitFor(head.right.position);
          await pause(backOffMs, signal);
        }
      },
      rebuild: () =>
        (rebuilding ??= rebuild().finally(() => {
          rebuilding = undefined;
        })),
    };
  };

  const models = Object.fromEntries(
    keepers.map(({ key, projection, keeper }) => [key, modelOf(projection.name, keeper)]),
  ) as ReadModels<P>['models'];

  return {
    models,
    close: async () => {
      stopping.abort();
      await running;
      await Promise.all(views.map((view) => view.close()));
    },
  };
};
