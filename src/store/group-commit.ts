/** How do many appends share one flush to the disk, and what happens to them when it fails? */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoreError } from '../app/ports.js';

/** One write that waits. `work` runs inside the transaction and answers how to tell its waiter, which happens after COMMIT only. */
export interface Write {
  readonly bytes: number;
  readonly work: () => () => void;
  readonly fail: (error: StoreError) => void;
}

export interface GroupCommit {
  /** Joins the group of this turn of the event loop. */
  readonly add: (write: Write) => void;
  /** Commits all that wait; resolves when nothing is under way any more. */
  readonly drain: () => Promise<void>;
}

/** A group is cut here, so that one commit does not hold up the event loop for long. */
const GROUP_BYTES = 4_194_304;
const GROUP_WRITES = 1_024;

/**
 * `commit` does the work of a whole group before it returns, and resolves when that is durable; meanwhile others join the next
 * group. `afterwards` runs once its waiters were told. Fail-stop: when one commit fails, all that wait are told so, for what
 * they were promised is unknown.
 */
export const groupCommit = (
  commit: (work: () => void) => Promise<void>,
  afterwards: () => void,
  asError: (error: unknown) => StoreError,
): GroupCommit => {
  let waiting: Write[] = [];
  /** One group at a time, from its turn until it is durable. */
  let underWay: Promise<void> | undefined;

  const takeGroup = (): readonly Write[] => {
    let [count, bytes] = [0, 0];
    for (const write of waiting) {
      if (count > 0 && (count >= GROUP_WRITES || bytes + write.bytes > GROUP_BYTES)) break;
      count += 1;
      bytes += write.bytes;
    }
    return waiting.splice(0, count);
  };

  const flush = async (): Promise<void> => {
    const group = takeGroup();
    let answers: readonly (() => void)[] = [];
    try {
      await commit(() => {
        answers = group.map(({ work }) => work());
      });
    } catch (error) {
      const failure = asError(error);
      const all = [...group, ...waiting];
      waiting = [];
      for (const { fail } of all) fail(failure);
      return;
    }
    for (const answer of answers) answer();
    afterwards();
  };

  const schedule = (): void => {
    if (underWay !== undefined || waiting.length === 0) return;
    underWay = nextTurn()
      .then(() => (waiting.length > 0 ? flush() : undefined))
      .finally(() => {
        underWay = undefined;
        schedule();
      });
  };

  return {
    add: (write) => {
      waiting.push(write);
      schedule();
    },
    drain: async () => {
      while (underWay !== undefined) await underWay;
    },
  };
};
