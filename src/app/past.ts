/** What did a projection say at a moment of the past? Folds a view of its own from the first event up to there. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { BatonEvent } from '../events/catalog.js';
import type { At } from '../kernel/at.js';
import type { Projection } from '../kernel/projection.js';
import type { Position } from '../kernel/recorded.js';
import { comparePositions } from '../kernel/recorded.js';
import type { Clock } from '../kernel/time.js';
import type { AppError } from './errors.js';
import { decoded, foldInto } from './fold.js';
import { moments, type Moment } from './moments.js';
import type { EventStore } from './ports.js';
import type { ReadModel } from './read-models.js';
import { orStoreAway, patienceWith, type Waiting } from './store-away.js';
import { readOverOutages } from './store-outage.js';

/** Where reads take a view from: a read model that lives, or one as it was. */
export type ViewSource<View> = Pick<ReadModel<View>, 'view' | 'position' | 'caughtUp'>;

/** All projections at one moment; each is folded when it is first asked for. */
export interface AtMoment {
  readonly moment: Moment;
  readonly of: <View>(projection: Projection<View, BatonEvent>) => ViewSource<View>;
}

export interface Past {
  readonly at: (at: At) => TaskEither<AppError, AtMoment>;
  /** Ends folds that are under way; those who wait for them get an error. */
  readonly close: () => void;
}

/** So many folded views are kept: whoever pages through one moment does not fold it again for each page. */
const KEPT = 6;

/** Reads only: a view of the past never touches the live one. A store that stays away is thrown as `StoreAway`. */
export const past = (
  store: Pick<EventStore, 'readAll' | 'head'>,
  clock: Pick<Clock, 'now'>,
  waiting: Pick<Waiting, 'patienceMs'> = {},
): Past => {
  const { head, whileThere } = patienceWith({ store, ...waiting });
  const find = moments(store, clock);
  const closing = new AbortController();
  const kept = new Map<string, Promise<unknown>>();
  let folding: Promise<unknown> = Promise.resolve();

  const fold = async <View>(projection: Projection<View, BatonEvent>, upTo: Position): Promise<View> => {
    const view = projection.init();
    let position: Position = '';
    const reached = new AbortController();
    const signal = AbortSignal.any([closing.signal, reached.signal]);
    const follower = {
      position: () => position,
      take: (recorded: Parameters<typeof decoded>[0]): void => {
        if (comparePositions(recorded.position, upTo) <= 0) {
          position = recorded.position;
          // what is unreadable was told when the live view met it
          foldInto(projection, view, decoded(recorded), () => undefined);
        }
        if (comparePositions(recorded.position, upTo) >= 0) reached.abort();
      },
      signal,
    };
    await readOverOutages(store, follower, waiting.patienceMs);
    if (closing.signal.aborted) throw new Error('the server is closing');
    return view;
  };

  /** Kept, or folded once those before are done: many questions at once must not hold up everybody else. */
  const viewAt = <View>(projection: Projection<View, BatonEvent>, position: Position): Promise<View> => {
    const key = `${projection.name}@${position}`;
    const known = kept.get(key) as Promise<View> | undefined;
    const view = known ?? folding.then(() => fold(projection, position));
    if (known === undefined) folding = view.catch(() => kept.delete(key));
    // the one used last is the last to go
    kept.delete(key);
    kept.set(key, view);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
    }
    return view;
  };

  const source = <View>(projection: Projection<View, BatonEvent>, position: Position): ViewSource<View> => {
    // held beside the kept ones, so that a long export does not fold anew half-way
    let folded: { readonly view: View } | undefined;
    return {
      position: () => position,
      caughtUp: async () => {
        folded ??= { view: await whileThere(viewAt(projection, position)) };
      },
      view: () => {
        if (folded === undefined) throw new Error(`${projection.name} was asked before it was folded`);
        return folded.view;
      },
    };
  };

  return {
    at: (at) =>
      TE.map((moment: Moment) => ({
        moment,
        of: <View>(projection: Projection<View, BatonEvent>) => source(projection, moment.position),
      }))(() =>
        orStoreAway(async () => {
          await head();
          return whileThere(find(at)());
        }),
      ),
    close: () => {
      closing.abort();
    },
  };
};
