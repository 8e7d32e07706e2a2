/**
 * That something has changed, told to all who show it: what it was, and when reading it again will show it. It is gathered and
 * looked up once, however many are told.
 */
import { Observable, Subject, type Subscription } from 'rxjs';
import type { JobsView } from '../../projections/jobs.js';
import { comparePositions, type Position } from '../kernel/recorded.js';
import type { ReadModel } from './read-models.js';
import type { RunnerSight } from './seen-runners.js';
import { recentBatches, type Batch } from './recent-batches.js';
import { coarseTopics, topicsOf, touch, untouched, type CoarseTopic, type TouchedViews } from './touched.js';

export interface UpdatesRequest {
  /** What is wanted; absent: everything. */
  readonly topics?: readonly string[];
  /** Tells what came after this position, as far as it is known. */
  readonly after?: Position;
  /** What the caller may see; absent: everything. */
  readonly sight?: RunnerSight;
}

/** The views include `position`. `many`: more has changed than is named, so everything that is shown may have. */
export interface Update {
  readonly position: Position;
  readonly topics: readonly string[];
  readonly many?: true;
}

export interface Updates {
  /** The first tells where the views are, and what came after `after`; then one at most every 500 ms. */
  readonly watch: (request: UpdatesRequest) => Observable<Update>;
  /** What is known of the runner has changed, and no event says so. */
  readonly sawRunner: (name: string) => void;
  /** A view was folded anew: anything that it shows may be another, and no event says so. */
  readonly sawRebuild: () => void;
  readonly close: () => void;
}

export interface UpdatesDeps extends TouchedViews {
  /** Its events are those that are told of. */
  readonly source: Pick<ReadModel<JobsView>, 'view$' | 'position'>;
  /** All that is told of must include a position before it is told. */
  readonly models: readonly Pick<ReadModel<unknown>, 'waitFor' | 'caughtUp'>[];
  readonly onProblem: (message: string, cause: unknown) => void;
  readonly everyMs?: number;
}

/** More names than this are not worth reading one by one. */
export const MOST_TOPICS = 200;
const EVERY_MS = 500;

const isCoarse = (topic: string): topic is CoarseTopic => coarseTopics.some((coarse) => coarse === topic);

/** What a caller is told of it; undefined: nothing that is wanted and may be known. */
const toldOf = (
  { position, coarse, named, many }: Batch,
  { topics: wanted, sight }: UpdatesRequest,
): Update | undefined => {
  const isNamedWanted = wanted?.some((topic) => !isCoarse(topic)) ?? true;
  const seen = (wanted?.filter((topic) => named.has(topic)) ?? [...named.keys()]).filter(
    (topic) => sight === undefined || named.get(topic)?.isSeen(sight) === true,
  );
  const isCoarseSeen = (topic: CoarseTopic): boolean => {
    // others are counted in the queue, so a change of it is everybody's
    if (sight === undefined || many || topic === 'queue') return true;
    for (const one of named.values()) if (one.coarse === topic && one.isSeen(sight)) return true;
    return false;
  };
  const whole = coarseTopics.filter(
    (topic) => coarse.has(topic) && wanted?.includes(topic) !== false && isCoarseSeen(topic),
  );
  if ((many && isNamedWanted) || seen.length > MOST_TOPICS) return { position, topics: whole, many: true };
  return whole.length + seen.length === 0 ? undefined : { position, topics: [...whole, ...seen] };
};

/** Nobody knows what has changed. */
const everything = (position: Position): Batch => ({
  ...{ from: '', position, coarse: new Set(coarseTopics), named: new Map(), many: true },
});

export const openUpdates = (deps: UpdatesDeps): Updates => {
  const { source, models, onProblem, everyMs = EVERY_MS } = deps;
  const batches = new Subject<Batch>();
  const recent = recentBatches();
  let touched = untouched();
  /** More was touched than is noted. */
  let isAllTouched = false;
  /** It was told that telling fails: once, until it works again. */
  let isFailing = false;
  let newest: Position = '';
  let pending = false;
  let resting = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let following: Subscription | undefined;

  const publish = async (): Promise<void> => {
    const [what, isAll, from] = [touched, isAllTouched, recent.position()];
    [touched, isAllTouched, pending] = [untouched(), false, false];
    const position = comparePositions(newest, from) > 0 ? newest : from;
    let batch: Batch;
    try {
      // who reads again must find it
      for (const model of models) await model.waitFor(position);
      batch = isAll ? { ...everything(position), from } : { from, position, ...topicsOf(what, deps) };
    } catch (cause) {
      // looking it up once more might fail in the same way: the next time everything is told
      [isAllTouched, pending] = [true, true];
      throw cause;
    }
    isFailing = false;
    if (batch.coarse.size + batch.named.size === 0 && !batch.many) return;
    recent.add(batch);
    batches.next(batch);
  };

  /** At once when it has been quiet, and then not before a rest. */
  const stir = (): void => {
    pending = true;
    if (resting || closed) return;
    resting = true;
    // what is written together is told together
    setImmediate(() => {
      const work = publish().catch((cause: unknown) => {
        if (!closed && !isFailing) onProblem('what has changed could not be told, and is tried again', cause);
        isFailing = true;
      });
      timer = setTimeout(() => {
        void work.then(() => {
          resting = false;
          if (pending) stir();
        });
      }, everyMs);
      timer.unref();
    });
  };

  const start = async (): Promise<void> => {
    // the past that is folded at a start is news to nobody
    for (const model of models) await model.caughtUp();
    if (closed) return;
    newest = source.position();
    recent.begin(newest);
    following = source.view$.subscribe(({ position, last }) => {
      newest = position;
      if (last === undefined) return;
      touch(touched, last);
      stir();
    });
  };
  const started = start().catch((cause: unknown) => {
    if (!closed) onProblem('nobody is told what changes', cause);
  });

  return {
    watch: (request) =>
      new Observable<Update>((subscriber) => {
        void started.then(() => {
          if (subscriber.closed) return;
          const position = recent.position();
          const missed =
            request.after === undefined ? [] : (recent.after(request.after) ?? [everything(position)]);
          const told = missed.flatMap((batch) => toldOf(batch, request) ?? []);
          subscriber.next(merged({ position, topics: [] }, told));
          subscriber.add(
            batches.subscribe({
              next: (batch) => {
                const update = toldOf(batch, request);
                if (update !== undefined) subscriber.next(update);
              },
              complete: () => {
                subscriber.complete();
              },
            }),
          );
        });
      }),
    sawRunner: (name) => {
      if (closed) return;
      touched.looked.add(name);
      stir();
    },
    sawRebuild: () => {
      isAllTouched = true;
      stir();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      following?.unsubscribe();
      batches.complete();
    },
  };
};

/** All of them in one, with no more names than a batch has; at the place of the first, or of a later one. */
export const merged = (first: Update, more: readonly Update[]): Update => {
  let { position } = first;
  const topics = new Set(first.topics);
  let many = first.many === true;
  for (const update of more) {
    if (comparePositions(update.position, position) > 0) position = update.position;
    many ||= update.many === true;
    for (const topic of update.topics) topics.add(topic);
  }
  const all = [...topics];
  const names = all.filter((topic) => !isCoarse(topic));
  return many || names.length > MOST_TOPICS
    ? { position, topics: all.filter(isCoarse), many: true }
    : { position, topics: all };
};
