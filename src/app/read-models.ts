/** What do the projections say now? Keeps one view per projection up to date with the store: catch-up, then live. */
import * as E from 'fp-ts/lib/Either.js';
import type { Observable } from 'rxjs';
import { Subject, concat, defer, of } from 'rxjs';
import type { BatonEvent } from '../events/catalog.js';
import type { Projection } from '../kernel/projection.js';
import type { Position, RawEvent, Recorded } from '../kernel/recorded.js';
import { comparePositions } from '../kernel/recorded.js';
import type { CheckpointProblem, CheckpointStore } from './checkpoints.js';
import { foldInto } from './fold.js';
import { follow, pause, readToEnd, textOf } from './follow-store.js';
import type { EventStore } from './ports.js';

/**
 * What an operator should know; nothing of it stops the model.
 * - `unreadable_event`: it is left out of the view
 * - `projection_failed`: a bug of the projection; the event may be half in the view
 * - `store`: tried again until it works; told once per outage
 */
export interface ReadModelProblem {
  readonly model: string;
  readonly code: CheckpointProblem['code'] | 'unreadable_event' | 'projection_failed' | 'store';
  readonly message: string;
  readonly cause?: unknown;
}

export interface ReadModelOptions {
  readonly checkpoints?: CheckpointStore;
  readonly onProblem: (problem: ReadModelProblem) => void;
}

/** A view at a position. `last`: the event that made it so; absent for a snapshot. */
export interface ViewAt<View> {
  readonly position: Position;
  readonly view: View;
  readonly last?: Recorded<BatonEvent>;
}

export interface ReadModel<View> {
  readonly name: string;
  /** The live view: it goes on changing, so take from it what is needed before the next await. */
  readonly view: () => View;
  /** The last event that the view includes; the empty text, which is before all positions, when it includes none. */
  readonly position: () => Position;
  /** The present view at once, then after each event. */
  readonly view$: Observable<ViewAt<View>>;
  /** Resolves when the view includes what was the last event in the store when asked. */
  readonly caughtUp: () => Promise<void>;
  /** Resolves when the view includes that position; rejects when the model is closed before. */
  readonly waitFor: (position: Position) => Promise<void>;
  /** Folds a fresh view beside the live one, then puts it in its place; answers how many events that took. */
  readonly rebuild: () => Promise<number>;
  /** Stops, and keeps a checkpoint. */
  readonly close: () => Promise<void>;
}

interface Folded<View> {
  readonly view: View;
  position: Position;
  events: number;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const CHECKPOINT_EVERY = 1000;
/** A checkpoint costs the size of the whole view: a large view gets at most this share of the time for it. */
const CHECKPOINT_SHARE = 0.05;
const BACK_OFF_MS = { first: 50, most: 5000 };

/** Starts at once. It never fails: what goes wrong is told through `onProblem` and tried again. */
export const readModel = <View>(
  projection: Projection<View, BatonEvent>,
  store: Pick<EventStore, 'readAll' | 'subscribe' | 'head'>,
  { checkpoints, onProblem }: ReadModelOptions,
): ReadModel<View> => {
  const { name, version } = projection;
  const fresh = (): Folded<View> => ({ view: projection.init(), position: '', events: 0 });
  const changes = new Subject<ViewAt<View>>();
  const stopping = new AbortController();
  const { signal } = stopping;
  let live = fresh();
  let waiters: readonly Waiter[] = [];
  let rebuilding: Promise<number> | undefined;

  const tell = (code: ReadModelProblem['code'], message: string, cause?: unknown): void => {
    onProblem({ model: name, code, message, ...(cause === undefined ? {} : { cause }) });
  };
  const closed = (): Error => new Error(`read model ${name} is closed`);

  // ---- folding

  /** Gives one event to the projection; answers it when it could be read. */
  const fold = (
    into: Folded<View>,
    recorded: Recorded<RawEvent>,
    problem: (...args: Parameters<typeof tell>) => void,
  ): Recorded<BatonEvent> | undefined => {
    into.position = recorded.position;
    into.events++;
    return foldInto(projection, into.view, recorded, problem);
  };

  const announce = (last?: Recorded<BatonEvent>): void => {
    changes.next({ position: live.position, view: live.view, ...(last === undefined ? {} : { last }) });
    if (waiters.length === 0) return;
    const isIncluded = ({ position }: Waiter): boolean => comparePositions(position, live.position) <= 0;
    const included = waiters.filter(isIncluded);
    waiters = waiters.filter((waiter) => !isIncluded(waiter));
    for (const { resolve } of included) resolve();
  };

  // ---- checkpoints

  let saving = Promise.resolve();
  let savedAt: Position = '';
  let sinceSaved = 0;
  let restUntil = 0;

  const saveNow = async (): Promise<void> => {
    if (checkpoints === undefined || live.position === savedAt) return;
    const started = performance.now();
    const { view, position } = live;
    savedAt = position;
    const saved = await checkpoints.save({ name, version, position, view })();
    if (E.isLeft(saved)) tell(saved.left.code, saved.left.message, saved.left.cause);
    restUntil = performance.now() + (performance.now() - started) / CHECKPOINT_SHARE;
  };

  /** One after the other, so that an older one never replaces a newer one. */
  const save = (): Promise<void> => {
    sinceSaved = 0;
    restUntil = Infinity;
    saving = saving.then(saveNow);
    return saving;
  };

  const restore = async (): Promise<void> => {
    if (checkpoints === undefined) return;
    const loaded = await checkpoints.load(name, version)();
    if (E.isLeft(loaded)) tell(loaded.left.code, loaded.left.message, loaded.left.cause);
    if (E.isLeft(loaded) || loaded.right === undefined) return;
    const { view, position } = loaded.right;
    const head = await store.head()();
    if (E.isLeft(head)) throw new Error(textOf(head.left), { cause: head.left });
    const end = head.right?.position ?? '';
    if (comparePositions(position, end) > 0) {
      const found = `it includes position ${position}, the store ends at ${end === '' ? 'nothing' : end}`;
      tell('checkpoint_corrupt', `the checkpoint of ${name} is of another store and is not used: ${found}`);
      return;
    }
    if (comparePositions(position, live.position) <= 0) return;
    // the version says that the view has the projection's shape, the digest that it is whole
    live = { view: view as View, position, events: 0 };
    savedAt = position;
    announce();
  };

  // ---- following the store

  /** A repeat, after a swap or a new subscription, changes nothing. */
  const take = (recorded: Recorded<RawEvent>): void => {
    if (comparePositions(recorded.position, live.position) <= 0) return;
    announce(fold(live, recorded, tell));
    sinceSaved++;
    if (checkpoints !== undefined && sinceSaved >= CHECKPOINT_EVERY && performance.now() >= restUntil)
      void save();
  };
  const follower = { position: () => live.position, take, signal };

  const run = async (): Promise<void> => {
    let restored = false;
    let backOffMs = BACK_OFF_MS.first;
    while (!signal.aborted) {
      const startedMs = performance.now();
      let problem: unknown;
      try {
        if (!restored) await restore();
        restored = true;
        await readToEnd(store, follower);
        await follow(store, follower);
      } catch (error) {
        problem = error;
      }
      if (performance.now() - startedMs > BACK_OFF_MS.most) backOffMs = BACK_OFF_MS.first;
      if (problem !== undefined && backOffMs === BACK_OFF_MS.first)
        tell('store', `${name} waits for the store and tries again: ${textOf(problem)}`, problem);
      await pause(backOffMs, signal);
      backOffMs = Math.min(backOffMs * 2, BACK_OFF_MS.most);
    }
  };
  const running = run();

  const waitFor = (position: Position): Promise<void> => {
    if (comparePositions(position, live.position) <= 0) return Promise.resolve();
    if (signal.aborted) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      waiters = [...waiters, { position, resolve, reject }];
    });
  };

  const caughtUp = async (): Promise<void> => {
    for (let backOffMs = BACK_OFF_MS.first; ; backOffMs = Math.min(backOffMs * 2, BACK_OFF_MS.most)) {
      if (signal.aborted) throw closed();
      const head = await store.head()();
      if (E.isRight(head)) return head.right === undefined ? undefined : waitFor(head.right.position);
      await pause(backOffMs, signal);
    }
  };

  const rebuildNow = async (): Promise<number> => {
    const next = fresh();
    const problems: { readonly at: Position; readonly args: Parameters<typeof tell> }[] = [];
    do {
      await readToEnd(store, {
        position: () => next.position,
        take: (recorded) => fold(next, recorded, (...args) => problems.push({ at: recorded.position, args })),
        signal,
      });
      if (signal.aborted) throw closed();
    } while (comparePositions(next.position, live.position) < 0);
    // the others were told when the live view met them
    for (const { at, args } of problems) if (comparePositions(at, live.position) > 0) tell(...args);
    live = next;
    announce();
    const { events } = next;
    savedAt = '';
    await save();
    return events;
  };

  return {
    name,
    view: () => live.view,
    position: () => live.position,
    view$: defer(() => concat(of({ position: live.position, view: live.view }), changes)),
    caughtUp,
    waitFor,
    rebuild: () =>
      (rebuilding ??= rebuildNow().finally(() => {
        rebuilding = undefined;
      })),
    close: async () => {
      stopping.abort();
      await running;
      await save();
      changes.complete();
      for (const { reject } of waiters) reject(closed());
      waiters = [];
    },
  };
};
