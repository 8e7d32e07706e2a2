/**
 * How do all events of one store get into another, in the same order, however often that is interrupted? What is there
 * already is compared first; the rest is appended in order, each event at its exact revision; then all is read back.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Position, RawEvent, Recorded } from '../kernel/recorded.js';
import { appendTo, lastRevisionOf, takeWindow, type Window } from './append-window.js';
import {
  compareHistories,
  sourceOf,
  targetOf,
  type Compared,
  type Entry,
  type Side,
  type Source,
} from './compare-histories.js';
import type { CopiedEvent } from './copied-event.js';
import type { EventStore, StoreError } from './ports.js';

export interface CopyProgress {
  readonly phase: 'comparing' | 'copying' | 'verifying';
  readonly events: number;
}

export interface CopyOptions {
  readonly from: Pick<EventStore, 'readAll' | 'head'>;
  readonly to: Pick<EventStore, 'readAll' | 'append'>;
  /**
   * Appends under way at a time. More than one only where a store writes them in the order of the calls, and fails all that
   * come after one that fails: else the order of the whole store would be lost.
   */
  readonly underWay: number;
  /** Why an event of `from` cannot be held by `to`; undefined when it can. */
  readonly unfit?: (event: Recorded<RawEvent>) => string | undefined;
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface Copied {
  readonly events: number;
  readonly streams: number;
  /** Of `events`, how many were there before, and how many were written now. */
  readonly present: number;
  readonly copied: number;
  /** Of both stores, over all events in order: see `Side`. */
  readonly digest: string;
  /** Streams whose revisions could not be kept, since their first events are gone. */
  readonly renumbered: readonly string[];
  /** Events that belong to the store itself. */
  readonly leftOut: number;
  /** `from` got more events meanwhile, which were not copied. */
  readonly hasGrown: boolean;
}

export type CopyFailure =
  | {
      readonly code: 'store';
      readonly side: 'from' | 'to';
      readonly error: StoreError;
      readonly written: number;
    }
  /** `before`: nothing was written. `place`: in the order of the whole store, from 1. An absent event: there is none. */
  | {
      readonly code: 'differs';
      readonly when: 'before' | 'after';
      readonly place: number;
      readonly expected: CopiedEvent | undefined;
      readonly found: CopiedEvent | undefined;
    }
  | {
      readonly code: 'unfit';
      readonly event: CopiedEvent;
      readonly why: string;
      readonly written: number;
    }
  /** The stream was used in `to` before, and what was in it is hidden. */
  | {
      readonly code: 'used_stream';
      readonly stream: string;
      readonly expected: number;
      readonly found: number;
    };

type Failed = E.Either<CopyFailure, never>;

const storeFailed = (side: 'from' | 'to', error: StoreError, written: number): Failed =>
  E.left({ code: 'store', side, error, written });

const differs = (when: 'before' | 'after', source: Side, target: Side, { next, instead }: Compared): Failed =>
  E.left({
    code: 'differs',
    when,
    // they were read in step, and one of them may have ended
    place: Math.max(source.events(), target.events()),
    expected: next?.event,
    found: instead?.event,
  });

/** Writes from `first` on; answers how many events that were. */
const copyRest = async (
  { to, underWay, unfit = () => undefined }: CopyOptions,
  source: Side,
  first: Entry | undefined,
  told: (written: number) => void,
): Promise<E.Either<CopyFailure, number>> => {
  let written = 0;
  const write = async ({ appends }: Window): Promise<E.Either<CopyFailure, void>> => {
    for (const { recorded, event } of appends.flatMap(({ entries }) => entries)) {
      const why = unfit(recorded);
      if (why !== undefined) return E.left({ code: 'unfit', event, why, written });
    }
    // all begun in one turn, in order
    const answers = await Promise.all(
      appends.map(async (append) => ({ append, answer: await appendTo(to, append) })),
    );
    for (const { append, answer } of answers) {
      if (E.isLeft(answer)) return storeFailed('to', answer.left, written);
      written += append.entries.length;
      const [{ stream }, expected, found] = [append, lastRevisionOf(append), answer.right.revision];
      if (found !== expected) return E.left({ code: 'used_stream', stream, expected, found });
    }
    return E.right(undefined);
  };

  for (let next = first; next !== undefined;) {
    const window = await takeWindow(source, next, underWay);
    if (E.isLeft(window)) return storeFailed('from', window.left, written);
    const done = await write(window.right);
    if (E.isLeft(done)) return done;
    told(written);
    next = window.right.next;
  }
  return E.right(written);
};

/** Digests tell that something differs; here it is found. */
const firstDifference = async (
  { from, to }: CopyOptions,
  end: Position,
  written: number,
): Promise<Failed> => {
  const [source, target] = [sourceOf(from, end), targetOf(to)];
  const compared = await compareHistories(source, target, () => undefined);
  return E.isLeft(compared)
    ? storeFailed(compared.left.side, compared.left.error, written)
    : differs('after', source, target, compared.right);
};

const headOf = async ({ from }: CopyOptions): Promise<E.Either<StoreError, Position>> =>
  E.map((last: Recorded<RawEvent> | undefined) => last?.position ?? '')(await from.head()());

const readToEnd = async (target: Side, told: () => void): Promise<E.Either<StoreError, void>> => {
  for (;;) {
    const read = await target.next();
    if (E.isLeft(read)) return read;
    if (read.right === undefined) return E.right(undefined);
    told();
  }
};

const summaryOf = (
  source: Source,
  { present, copied, hasGrown }: Pick<Copied, 'present' | 'copied' | 'hasGrown'>,
): Copied => ({
  events: source.events(),
  streams: source.streams(),
  present,
  copied,
  digest: source.digest(),
  renumbered: source.renumbered(),
  leftOut: source.leftOut(),
  hasGrown,
});

/** Copies what `from` holds as this begins. Repeated after any interruption, it goes on where `to` ends. */
export const copyEvents = async (options: CopyOptions): Promise<E.Either<CopyFailure, Copied>> => {
  const tell = (phase: CopyProgress['phase'], events: number): void =>
    options.onProgress?.({ phase, events });

  const end = await headOf(options);
  if (E.isLeft(end)) return storeFailed('from', end.left, 0);
  const [source, target] = [sourceOf(options.from, end.right), targetOf(options.to)];

  const compared = await compareHistories(source, target, (events) => {
    tell('comparing', events);
  });
  if (E.isLeft(compared)) return storeFailed(compared.left.side, compared.left.error, 0);
  if (compared.right.instead !== undefined) return differs('before', source, target, compared.right);

  const present = target.events();
  const copied = await copyRest(options, source, compared.right.next, (written) => {
    tell('copying', present + written);
  });
  if (E.isLeft(copied)) return copied;

  // what was compared before was read back with that
  const read = await readToEnd(target, () => {
    tell('verifying', target.events());
  });
  if (E.isLeft(read)) return storeFailed('to', read.left, copied.right);
  if (target.digest() !== source.digest()) return firstDifference(options, end.right, copied.right);

  const now = await headOf(options);
  return E.isLeft(now)
    ? storeFailed('from', now.left, copied.right)
    : E.right(summaryOf(source, { present, copied: copied.right, hasGrown: now.right !== end.right }));
};
