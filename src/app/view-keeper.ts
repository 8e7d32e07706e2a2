/** One projection's view: what it includes, who waits for it, and the checkpoints that it goes on from. */
import { setImmediate } from 'node:timers/promises';
import type { Observable } from 'rxjs';
import { Subject, concat, defer, of } from 'rxjs';
import type { BatonEvent } from '../events/catalog.js';
import type { Projection } from '../kernel/projection.js';
import type { Position, Recorded } from '../kernel/recorded.js';
import { comparePositions } from '../kernel/recorded.js';
import { checkpointKeeper } from './checkpoint-keeper.js';
import type { CheckpointProblem, CheckpointStore } from './checkpoints.js';
import type { EventStore } from './ports.js';
import { foldInto, type Decoded, type FoldProblem } from './fold.js';

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

export interface KeeperOptions {
  readonly checkpoints?: CheckpointStore;
  readonly onProblem: (problem: ReadModelProblem) => void;
}

/** A view at a position. `last`: the event that made it so; absent for a snapshot. */
export interface ViewAt<View> {
  readonly position: Position;
  readonly view: View;
  readonly last?: Recorded<BatonEvent>;
}

interface Folded<View> {
  readonly view: View;
  position: Position;
  /** Of the event at that position. */
  eventId: string;
  events: number;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A view that is folded beside the live one. */
export interface Draft {
  readonly position: () => Position;
  readonly take: (decoded: Decoded) => void;
  /** Puts it in the place of the live view; answers how many events it took. */
  readonly adopt: () => Promise<number>;
}

export interface ViewKeeper<View> {
  readonly view: () => View;
  readonly position: () => Position;
  /** The last event that was taken: the view includes it, or will at once when its checkpoint is written. */
  readonly taken: () => Position;
  readonly view$: Observable<ViewAt<View>>;
  readonly waitFor: (position: Position) => Promise<void>;
  /** Goes on from the checkpoint, if there is one that fits the store, whose last event is at `end`. */
  readonly restore: (end: Position) => Promise<void>;
  /** A repeat changes nothing. */
  readonly take: (decoded: Decoded) => void;
  readonly draft: () => Draft;
  /** Keeps a last checkpoint; whoever still waits is told that it is over. */
  readonly close: () => Promise<void>;
}

/** Events between two turns of the event loop. */
const SLICE = 200;
export const closedError = (name: string): Error => new Error(`read model ${name} is closed`);

export const viewKeeper = <View>(
  projection: Projection<View, BatonEvent>,
  store: Pick<EventStore, 'readAll'>,
  { checkpoints, onProblem }: KeeperOptions,
): ViewKeeper<View> => {
  const { name } = projection;
  const fresh = (): Folded<View> => ({ view: projection.init(), position: '', eventId: '', events: 0 });
  const changes = new Subject<ViewAt<View>>();
  let live = fresh();
  let waiters: readonly Waiter[] = [];
  let closed = false;

  const tell = (code: ReadModelProblem['code'], message: string, cause?: unknown): void => {
    onProblem({ model: name, code, message, ...(cause === undefined ? {} : { cause }) });
  };

  /** Gives one event to the projection; answers it when it could be read. */
  const fold = (
    into: Folded<View>,
    decoded: Decoded,
    problem: FoldProblem,
  ): Recorded<BatonEvent> | undefined => {
    into.position = decoded.recorded.position;
    into.eventId = decoded.recorded.id;
    into.events++;
    return foldInto(projection, into.view, decoded, problem);
  };

  const announce = (last?: Recorded<BatonEvent>): void => {
    if (changes.observed)
      changes.next({ position: live.position, view: live.view, ...(last === undefined ? {} : { last }) });
    if (waiters.length === 0) return;
    const isIncluded = ({ position }: Waiter): boolean => comparePositions(position, live.position) <= 0;
    const included = waiters.filter(isIncluded);
    waiters = waiters.filter((waiter) => !isIncluded(waiter));
    for (const { resolve } of included) resolve();
  };

  // ---- checkpoints

  const kept = checkpointKeeper(projection, checkpoints, store, ({ code, message, cause }) => {
    tell(code, message, cause);
  });
  let saving = Promise.resolve();
  /** Taken while a checkpoint is written: the view must not change meanwhile. */
  let held: Decoded[] = [];
  let isWriting = false;

  const foldLive = (decoded: Decoded): void => {
    if (comparePositions(decoded.recorded.position, live.position) <= 0) return;
    announce(fold(live, decoded, tell));
    kept.count();
  };

  /** In slices, since a large view is long in writing and much may have come. */
  const release = async (): Promise<void> => {
    for (let next = 0; next < held.length; next++) {
      const decoded = held[next];
      if (decoded !== undefined) foldLive(decoded);
      if (next % SLICE === SLICE - 1) await setImmediate();
    }
    held = [];
    isWriting = false;
  };

  const saveNow = async (): Promise<void> => {
    const { view, position, eventId } = live;
    isWriting = true;
    await kept.save({ position, eventId, view });
    await release();
  };

  /** One after the other, so that an older one never replaces a newer one. */
  const save = (): Promise<void> => {
    saving = saving.then(saveNow);
    return saving;
  };

  const restore: ViewKeeper<View>['restore'] = async (end) => {
    const found = await kept.load(end, live.position);
    if (found === undefined) return;
    // the version says that the view has the projection's shape, the digest that it is whole
    live = { ...found, view: found.view as View, events: 0 };
    announce();
  };

  const draft = (): Draft => {
    const next = fresh();
    const problems: { readonly at: Position; readonly args: Parameters<FoldProblem> }[] = [];
    return {
      position: () => next.position,
      take: (decoded) => {
        fold(next, decoded, (...args) => problems.push({ at: decoded.recorded.position, args }));
      },
      adopt: async () => {
        // the others were told when the live view met them
        for (const { at, args } of problems) if (comparePositions(at, live.position) > 0) tell(...args);
        live = next;
        announce();
        const { events } = next;
        kept.forget();
        await save();
        return events;
      },
    };
  };

  return {
    view: () => live.view,
    position: () => live.position,
    taken: () => held.at(-1)?.recorded.position ?? live.position,
    view$: defer(() => concat(of({ position: live.position, view: live.view }), changes)),
    waitFor: (position) => {
      if (comparePositions(position, live.position) <= 0) return Promise.resolve();
      if (closed) return Promise.reject(closedError(name));
      return new Promise((resolve, reject) => {
        waiters = [...waiters, { position, resolve, reject }];
      });
    },
    restore,
    take: (decoded) => {
      if (isWriting) {
        held.push(decoded);
        return;
      }
      foldLive(decoded);
      if (kept.isDue()) void save();
    },
    draft,
    close: async () => {
      closed = true;
      await save();
      // what came while it was written
      await save();
      changes.complete();
      for (const { reject } of waiters) reject(closedError(name));
      waiters = [];
    },
  };
};
