/** Carries out effects on runners: the only impure file of this folder. Each effect is safe to ask twice. */
import * as E from 'fp-ts/lib/Either.js';
import type { DriveAttempt, EndAttempt } from './commands.js';
import { BACK_OFF_MS, driveAttempt, type PerformDeps } from './drive.js';

export interface Performer {
  readonly drive: (effect: DriveAttempt) => void;
  readonly end: (effect: EndAttempt) => void;
  /** Lets go of all attempts; what runs on the runners goes on there. */
  readonly close: () => Promise<void>;
}

export const performer = (deps: PerformDeps): Performer => {
  const { transport } = deps;
  const abort = new AbortController();
  const live = new Map<string, Promise<void>>();
  const closed = (): boolean => abort.signal.aborted;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (closed()) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        abort.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      abort.signal.addEventListener('abort', done);
    });

  /** One at a time per key; a second request for the same is answered by the first. */
  const once = (key: string, work: () => Promise<void>): void => {
    if (live.has(key) || closed()) return;
    const running = work()
      .catch((cause: unknown) => {
        if (!closed()) deps.onProblem(`the effect ${key} met a bug`, cause);
      })
      .finally(() => live.delete(key));
    live.set(key, running);
  };

  /** Tries until it succeeds or we are closed; what it answers is owed. */
  const insist = async <Err, A>(
    what: string,
    task: () => Promise<E.Either<Err, A>>,
  ): Promise<A | undefined> => {
    for (let n = 0; !closed(); n++) {
      const answer = await task();
      if (E.isRight(answer)) return answer.right;
      deps.onProblem(`${what} failed and is tried again`, answer.left);
      await pause(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] ?? 30_000);
    }
    return undefined;
  };

  const end = async ({ jobId, attempt, runner, graceMs }: EndAttempt): Promise<void> => {
    for (let n = 0; !closed(); n++) {
      const facts = await insist('reading what was recorded', () => deps.facts(jobId, attempt));
      const target = await insist('reading the runner', () => deps.targetOf(runner));
      if (!facts?.current || target === undefined) return;
      const answer = await transport.cancel(target, { jobId, attempt }, graceMs)();
      if (E.isRight(answer)) return;
      deps.onProblem(`ending ${jobId}.${attempt} on ${runner} is tried again`, answer.left);
      await pause(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] ?? 30_000);
    }
  };

  return {
    drive: (effect) => {
      once(`drive ${effect.jobId}.${effect.attempt}`, () =>
        driveAttempt(deps, { insist, pause, signal: abort.signal }, effect),
      );
    },
    end: (effect) => {
      once(`end ${effect.jobId}.${effect.attempt}`, () => end(effect));
    },
    close: async () => {
      abort.abort();
      await Promise.all(live.values());
    },
  };
};
