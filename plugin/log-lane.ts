/**
 * Tells the host the output of one job: in order, one batch at a time, read from what is stored when the host is ready for it. So a host that
 * is slow or dead costs a place in each log, and one batch.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Subscription } from 'rxjs';
import type { LogStore } from '../src/app/ports.js';
import { retryAfter } from './ask-host.js';
import type { LogBatch, ReportAnswer } from './contract.js';
import { refOf, type LogCursors, type LogName } from './log-cursors.js';
import { APART_MS, dueAt, pieceOf, type Seen } from './log-pace.js';
import { behind, PIECE_BYTES, textOf, type Cursor } from './log-pieces.js';
import type { OwedJob } from './owed-logs.js';

export interface LaneDeps {
  readonly store: Pick<LogStore, 'read' | 'watch'>;
  readonly cursors: LogCursors;
  /** What is owed of the job now; undefined: nothing, or it may not be told now. */
  readonly owed: () => OwedJob | undefined;
  /** The answer; left when it has to be told again. `gone` only once that is recorded. */
  readonly tell: (batch: LogBatch) => Promise<E.Either<unknown, ReportAnswer>>;
  /** The host has that batch. */
  readonly taken: (batch: LogBatch) => void;
  /** Asks for a turn; `run` is called when it has come. */
  readonly ready: () => void;
  readonly mostRetryMs: number;
  readonly onProblem: (message: string, cause?: unknown) => void;
}

export interface Lane {
  /** Something has changed. */
  readonly look: () => void;
  /** One batch, if there is one. */
  readonly run: () => Promise<void>;
  /** `idle`: the host has what there is. `failing`: the last try failed. */
  readonly state: () => 'idle' | 'waiting' | 'failing';
  readonly close: () => void;
}

type Log = OwedJob['logs'][number];

interface Watched extends Seen {
  /** Of what is stored; absent: nothing is, any more. */
  readonly watching?: Subscription;
}

export const openLane = (deps: LaneDeps): Lane => {
  const { store, cursors } = deps;
  const seen = new Map<string, Watched>();
  let asking = false;
  const isAsking = (): boolean => asking;
  const closing = new AbortController();
  const closed = (): boolean => closing.signal.aborted;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let notBefore = 0;
  /** The output that was told last goes behind the other. */
  let last: LogBatch['output'] | undefined;

  const nameOf = ({ jobId }: OwedJob, { attempt, output }: Log): LogName => ({
    ...{ jobId, jobAttempt: attempt, output },
  });
  const keyOf = ({ attempt, output }: Log): string => `${attempt}.${output}`;

  /** Hears of what is stored, as long as something may follow. */
  const watch = (job: OwedJob, log: Log): Watched => {
    const known = seen.get(keyOf(log));
    if (known !== undefined) return known;
    const found: Watched = { size: 0 };
    seen.set(keyOf(log), found);
    if (log.over) return found;
    const watching = store.watch(refOf(nameOf(job, log))).subscribe({
      next: ({ size }) => {
        found.size = Math.max(found.size, size);
        look();
      },
      // it is read all the same when the try is over
      error: (cause: unknown) => {
        deps.onProblem('a log could not be watched for the host', cause);
      },
    });
    seen.set(keyOf(log), Object.assign(found, { watching }));
    return found;
  };

  const next = (): { readonly job: OwedJob; readonly log: Log; readonly at: number } | undefined => {
    const job = deps.owed();
    if (job === undefined) return undefined;
    const [first, other] = job.logs
      .map((log) => {
        const { offset } = cursors.of(nameOf(job, log));
        return { job, log, at: dueAt(watch(job, log), { offset, over: log.over, notBefore }) };
      })
      .flatMap(({ at, ...rest }) => (at === undefined ? [] : [{ ...rest, at }]))
      .sort((a, b) => a.at - b.at);
    return first?.log.output === last && other?.at === first?.at ? (other ?? first) : first;
  };

  const look = (): void => {
    if (closed() || isAsking() || failures > 0) return;
    const found = next();
    clearTimeout(timer);
    timer = undefined;
    // asking may have begun to watch, and what is watched may have told something at once
    if (found === undefined || isAsking()) return;
    const wait = found.at - performance.now();
    if (wait > 0) {
      timer = setTimeout(look, wait);
      return;
    }
    asking = true;
    deps.ready();
  };

  const fail = (message: string, cause: unknown): void => {
    // said once for each row of failures
    if (failures === 0) deps.onProblem(message, cause);
    timer = setTimeout(
      () => {
        timer = undefined;
        asking = true;
        deps.ready();
      },
      retryAfter(failures, deps.mostRetryMs),
    );
    failures += 1;
  };

  const took = (batch: LogBatch, bytes: Buffer, from: Cursor, log: Log): void => {
    failures = 0;
    last = batch.output;
    cursors.move(batch, behind(from, bytes));
    const key = keyOf(log);
    delete seen.get(key)?.again;
    if (batch.final) {
      seen.get(key)?.watching?.unsubscribe();
      seen.delete(key);
    }
    deps.taken(batch);
  };

  /** Reads and tells one batch. */
  const tellOne = async (job: OwedJob, log: Log): Promise<void> => {
    const name = nameOf(job, log);
    const { phaseRunId, hostKey, attempt, jobId, label, runner } = job;
    // before it is read: what was over then has nothing behind what is read
    const { over, cutAt } = log;
    const state = watch(job, log);
    const from = cursors.of(name);
    const got = await store.read(refOf(name), from.offset, state.again?.length ?? PIECE_BYTES)();
    if (closed()) return;
    if (E.isLeft(got)) {
      fail(`the log of job ${jobId} could not be read for the host; it is tried again`, got.left);
      return;
    }
    state.size = Math.max(state.size, got.right.size);
    const isRest = over && from.offset + got.right.bytes.length >= got.right.size;
    const piece = pieceOf(state, { ...got.right, isRest, now: performance.now() });
    if (piece === undefined) return;
    delete state.part;
    state.again = piece;
    const { length, final } = piece;
    const bytes = got.right.bytes.subarray(0, length);
    const batch: LogBatch = {
      ...{ phaseRunId, hostKey, attempt, jobId, label, jobAttempt: log.attempt, output: log.output },
      ...{ offset: from.offset, bytes, text: textOf(bytes), line: from.line, continues: from.inside, final },
      ...(runner === undefined ? {} : { runner }),
      ...(final && cutAt !== undefined ? { cutAt } : {}),
    };
    notBefore = performance.now() + APART_MS;
    const answer = await deps.tell(batch);
    if (closed()) return;
    if (E.isLeft(answer)) fail(`the host did not take output of ${hostKey}; it is told again`, answer.left);
    else if (answer.right !== 'gone') took(batch, bytes, from, log);
  };

  return {
    look,
    run: async () => {
      const found = next();
      const failed = failures;
      try {
        if (found !== undefined && !closed()) await tellOne(found.job, found.log);
      } catch (cause) {
        if (!closed()) fail('output could not be told to the host; it is tried again', cause);
      }
      asking = false;
      if (failures === failed) failures = 0;
      look();
    },
    state: () => (failures > 0 ? 'failing' : asking || timer !== undefined ? 'waiting' : 'idle'),
    close: () => {
      closing.abort();
      clearTimeout(timer);
      for (const { watching } of seen.values()) watching?.unsubscribe();
    },
  };
};
