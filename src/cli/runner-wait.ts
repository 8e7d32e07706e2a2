/** Waiting until no job is left on a runner. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerStatus } from '../app/evidence.js';
import type { Client, Got } from './client.js';
import { interruptible } from './follow.js';
import { note, type Io } from './io.js';
import { stillText } from './held-text.js';
import { progressOn } from './progress.js';
import { pause } from './wait.js';

const POLL_MS = 400;

const still = ({ name, current }: Pick<RunnerStatus, 'name' | 'current'>): string =>
  `${name}: ${stillText(current)}`;

/** The runner once it is idle, or as it was last seen when Ctrl-C came; the waiting changes nothing. */
export const untilIdle = async (io: Io, client: Client, first: RunnerStatus): Promise<Got<RunnerStatus>> => {
  const { signal, release } = interruptible(io.onInterrupt, () =>
    note(io, '\nNo longer waiting; what was asked for goes on. See it with `baton runner show`.'),
  );
  const progress = progressOn(io.stderr, io.now);
  try {
    let runner = first;
    while (!signal.aborted && Object.keys(runner.current).length > 0) {
      progress.say(still(runner));
      await pause(signal, POLL_MS);
      const next = await client.showRunner(runner.name);
      if (E.isLeft(next)) return next;
      runner = { ...runner, ...next.right };
    }
    return E.right(runner);
  } finally {
    release();
    progress.close();
  }
};
