/**
 * Keeps what changes often: written soon after a change, however many there are meanwhile; one after the other, so that an older state never
 * replaces a newer one; and after a failure again and again, less often each time, until it is on disk.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Checkpoint, CheckpointProblem, CheckpointStore } from './checkpoints.js';
import { textOf } from './follow-store.js';

export interface KeptSoonOptions {
  readonly checkpoints: Pick<CheckpointStore, 'save'>;
  /** What is kept, as it is when it is written; a view that goes on changing has to be a copy. Undefined: nothing yet. Thrown: a failure. */
  readonly state: () => Checkpoint | undefined;
  /** From a change to its writing: a crash in between forgets what came since. */
  readonly everyMs: number;
  /** That state is on disk. */
  readonly onKept?: () => void;
  /** The first of several failures in a row, and their end. */
  readonly onProblem: (message: string, cause?: unknown) => void;
}

export interface KeptSoon {
  /** It has changed. */
  readonly soon: () => void;
  /** Writes it at once. Resolves when that was tried; what failed is tried again. */
  readonly now: () => Promise<void>;
  /** Why what is on disk is older than it should be; undefined: it is not. */
  readonly problem: () => CheckpointProblem | undefined;
  /** Writes what has changed, once, and lets go. */
  readonly close: () => Promise<void>;
}

const FIRST_RETRY_MS = 1000;
const MOST_RETRY_MS = 30_000;

export const keptSoon = ({ checkpoints, state, everyMs, onKept, onProblem }: KeptSoonOptions): KeptSoon => {
  let changed = false;
  let closed = false;
  let failures = 0;
  let problem: CheckpointProblem | undefined;
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const failed = (why: CheckpointProblem): void => {
    changed = true;
    // the first of a row, and their end
    if (failures === 0) onProblem(`${why.message}; it is tried again`, why.cause);
    failures += 1;
    problem = why;
    plan();
  };

  const write = async (): Promise<void> => {
    try {
      const checkpoint = changed ? state() : undefined;
      if (checkpoint === undefined) return;
      changed = false;
      const saved = await checkpoints.save(checkpoint)();
      if (E.isLeft(saved)) {
        failed(saved.left);
        return;
      }
      if (failures > 0) onProblem(`checkpoint ${checkpoint.name} is kept again`);
      failures = 0;
      problem = undefined;
      onKept?.();
    } catch (cause) {
      // one write waits for the one before it: rejected, it would be the last
      failed({ code: 'checkpoint_io', message: `a checkpoint could not be kept: ${textOf(cause)}`, cause });
    }
  };

  const now = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    return (writing = writing.then(write));
  };

  const plan = (): void => {
    if (closed) return;
    timer ??= setTimeout(
      () => void now(),
      failures === 0 ? everyMs : Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20), MOST_RETRY_MS),
    );
  };

  return {
    soon: () => {
      changed = true;
      plan();
    },
    now: () => {
      changed = true;
      return now();
    },
    problem: () => problem,
    close: () => {
      closed = true;
      return now();
    },
  };
};
