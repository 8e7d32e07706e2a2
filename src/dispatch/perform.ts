/** Carries out effects on runners: the only impure file of this folder. Each effect is safe to ask twice. */
import { setMaxListeners } from 'node:events';
import * as E from 'fp-ts/lib/Either.js';
import type { DriveAttempt, EndAttempt, EndRemains, RevokeAttempt } from './commands.js';
import type { AttemptRef } from '../app/ports.js';
import { BACK_OFF_MS, driveAttempt, targetOfAttempt, type PerformDeps } from './drive.js';
import { endRemains } from './remains.js';

export interface Performer {
  readonly drive: (effect: DriveAttempt) => void;
  readonly end: (effect: EndAttempt) => void;
  readonly endRemains: (effect: EndRemains) => void;
  readonly revoke: (effect: RevokeAttempt) => void;
  /** Lets go of all attempts; what runs on the runners goes on there. */
  readonly close: () => Promise<void>;
}

/** Pause, after the grace, before the runner is asked again to end what should have ended. */
const ASK_AGAIN_MS = 30_000;

export const performer = (deps: PerformDeps): Performer => {
  const { transport } = deps;
  const abort = new AbortController();
  // one listener for each job that is waited for
  setMaxListeners(0, abort.signal);
  const live = new Map<string, Promise<void>>();
  const closed = (): boolean => abort.signal.aborted;

  /** A little more or less: what was lost together does not all come back at the same moment. */
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
      const timer = setTimeout(done, ms * (0.8 + 0.4 * Math.random()));
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

  const end = async ({ jobId, attempt, runner, graceMs, insist: again }: EndAttempt): Promise<void> => {
    for (let n = 0; !closed(); n++) {
      const facts = await insist('reading what was recorded', () => deps.facts(jobId, attempt));
      if (!facts?.current) return;
      const target = await targetOfAttempt(deps, insist, facts);
      if (target === undefined) return;
      const answer = await transport.cancel(target, { jobId, attempt }, graceMs)();
      if (E.isRight(answer)) {
        if (again !== true) return;
        deps.onProblem(`${jobId}.${attempt} on ${runner} should have ended; asked again`, answer.right);
        await pause(graceMs + ASK_AGAIN_MS);
        continue;
      }
      deps.onProblem(`ending ${jobId}.${attempt} on ${runner} is tried again`, answer.left);
      await pause(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] ?? 30_000);
    }
  };

  const revoke = async ({ jobId, attempt, runner, startMs }: RevokeAttempt): Promise<void> => {
    const ref = { jobId, attempt };
    for (let n = 0; !closed(); n++) {
      const facts = await insist('reading what was recorded', () => deps.facts(jobId, attempt));
      if (!facts?.current || facts.started) return;
      const target = await targetOfAttempt(deps, insist, facts);
      if (target === undefined) return;
      const { baseId, bootId } = facts.assigned;
      const answer = await transport.revoke(target, { ...ref, baseId, bootId })();
      if (E.isRight(answer)) {
        // otherwise the one who drives it finds it as it is, and tells
        if (answer.right.kind !== 'revoked') return;
        await deps.record(jobId, attempt, {
          kind: 'RequeueJob',
          attempt,
          cause: 'infrastructure',
          why: 'start_timeout',
          detail: `The runner ${runner} did not start the job within ${Math.round(startMs / 1000)} s.`,
        });
        await transport.cleanUp(target, ref)();
        return;
      }
      // unknown is not "never started": it stays where it is until the runner answers
      deps.onProblem(`revoking ${jobId}.${attempt} on ${runner} is tried again`, answer.left);
      await pause(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] ?? 30_000);
    }
  };

  const driving = {
    ...deps,
    isRevoking: (ref: AttemptRef) => live.has(`revoke ${ref.jobId}.${ref.attempt}`),
  };

  return {
    drive: (effect) => {
      once(`drive ${effect.jobId}.${effect.attempt}`, () =>
        driveAttempt(driving, { insist, pause, signal: abort.signal }, effect),
      );
    },
    end: (effect) => {
      once(`end ${effect.jobId}.${effect.attempt}`, () => end(effect));
    },
    endRemains: (effect) => {
      once(`remains ${effect.jobId}.${effect.attempt}`, () =>
        endRemains(deps, { insist, pause, signal: abort.signal }, effect),
      );
    },
    revoke: (effect) => {
      once(`revoke ${effect.jobId}.${effect.attempt}`, () => revoke(effect));
    },
    close: async () => {
      abort.abort();
      await Promise.all(live.values());
    },
  };
};
