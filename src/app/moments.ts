/** Which was the last event at that moment? A time means the last position whose running maximum of `recordedAt` is not later. */
import { setImmediate } from 'node:timers/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { At } from '../kernel/at.js';
import { positionWord } from '../kernel/at.js';
import type { Position, RawEvent, Recorded } from '../kernel/recorded.js';
import { comparePositions } from '../kernel/recorded.js';
import type { Clock, Instant } from '../kernel/time.js';
import { appError, type AppError } from './errors.js';
import { storeFailure } from './handle.js';
import type { EventStore } from './ports.js';

/** The last event that an answer includes; the empty position when it includes none. */
export interface Moment {
  readonly position: Position;
  /** The time that was asked for, else the latest time recorded up to the position; absent before the first event. */
  readonly time?: Instant;
}

/** State after an event: `latest` is the running maximum, so that it grows although clocks went back. */
interface Mark {
  readonly position: Position;
  readonly latest: Instant;
}

type Events = readonly Recorded<RawEvent>[];

/** One mark is kept for so many events: what a question has to read at most. */
const BLOCK = 500;
const BEGINNING: Mark = { position: '', latest: '' };
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const after = ({ latest }: Mark, { position, metadata: { recordedAt } }: Recorded<RawEvent>): Mark => ({
  position,
  // what others wrote into the store may have no time, or one in another form
  latest: INSTANT.test(recordedAt) && recordedAt > latest ? recordedAt : latest,
});

/** The last mark, going on over `events`, that still lies at or before the moment. */
const lastIn = (from: Mark, events: Events, isIncluded: (mark: Mark) => boolean): Mark => {
  let last = from;
  for (const event of events) {
    const next = after(last, event);
    if (!isIncluded(next)) break;
    last = next;
  }
  return last;
};

const includes = (at: At): ((mark: Mark) => boolean) =>
  at.kind === 'time'
    ? ({ latest }) => latest <= at.time
    : ({ position }) => comparePositions(position, at.position) <= 0;

const notYet = (time: Instant, now: Instant): AppError =>
  appError('invalid', 'at_in_the_future', `${time} has not come yet: it is ${now} here.`, {
    hint: 'Leave `at` out for the present.',
  });

const beyond = (position: Position, end: Position): AppError =>
  appError(
    'invalid',
    'at_beyond_the_end',
    `The position ${position} lies beyond the last event, which is at ${positionWord(end)}.`,
    { hint: 'Leave `at` out for the present.' },
  );

/** Reads the store once, block by block, and remembers one mark for each; then only what is new. */
export const moments = (
  store: Pick<EventStore, 'readAll'>,
  clock: Pick<Clock, 'now'>,
): ((at: At) => TaskEither<AppError, Moment>) => {
  const marks: Mark[] = [];

  /** The block behind a mark; shorter than `BLOCK` at the end of the store. */
  const blockAfter = async ({ position }: Mark): Promise<E.Either<AppError, Events>> => {
    // the start is inclusive
    const read = await store.readAll(position === '' ? 'start' : position, { maxCount: BLOCK + 1 })();
    if (E.isLeft(read)) return E.left(storeFailure(read.left));
    return E.right(
      read.right.filter((event) => comparePositions(event.position, position) > 0).slice(0, BLOCK),
    );
  };

  /** Remembers all full blocks; answers what is behind the last. */
  const extend = async (): Promise<E.Either<AppError, Events>> => {
    for (;;) {
      const last = marks.at(-1) ?? BEGINNING;
      const block = await blockAfter(last);
      if (E.isLeft(block) || block.right.length < BLOCK) return block;
      marks.push(lastIn(last, block.right, () => true));
      await setImmediate();
    }
  };

  const find = async (at: At): Promise<E.Either<AppError, Moment>> => {
    const now = clock.now();
    if (at.kind === 'time' && at.time > now) return E.left(notYet(at.time, now));
    const tail = await extend();
    if (E.isLeft(tail)) return tail;
    const end = tail.right.at(-1)?.position ?? marks.at(-1)?.position ?? '';
    if (at.kind === 'position' && comparePositions(at.position, end) > 0)
      return E.left(beyond(at.position, end));
    const isIncluded = includes(at);
    // both measures only grow, so the first mark that lies behind the moment ends the block that holds it
    const within = marks.findIndex((mark) => !isIncluded(mark));
    const from = (within === -1 ? marks.at(-1) : marks[within - 1]) ?? BEGINNING;
    const block = within === -1 ? tail : await blockAfter(from);
    if (E.isLeft(block)) return block;
    const { position, latest } = lastIn(from, block.right, isIncluded);
    const time = at.kind === 'time' ? at.time : latest;
    return E.right({ position, ...(time === '' ? {} : { time }) });
  };

  // one after the other: they share the marks
  let before: Promise<unknown> = Promise.resolve();
  return (at) => () => {
    const found = before.then(() => find(at));
    before = found.catch(() => undefined);
    return found;
  };
};
