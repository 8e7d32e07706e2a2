/** What can be asked of runners, now or as they were. */
import * as E from 'fp-ts/lib/Either.js';
import type { JobsView } from '../../projections/jobs.js';
import {
  runnerView,
  runnerViews,
  type RunnerHealthView,
  type RunnerView,
} from '../../projections/runner-health.js';
import type { AppError } from './errors.js';
import type { ViewSource } from './past.js';
import { unknownRunner } from './runner-target.js';
import { runnerWindow, type Standing } from './runner-window.js';
import { isShown, runnersSeenBy, type RunnerSight } from './seen-runners.js';
import type { Reads } from './use-cases.js';

export interface RunnerSources {
  readonly health: ViewSource<RunnerHealthView>;
  readonly jobs: ViewSource<JobsView>;
}

/** Those of them that the caller may see, and of each what. */
const seen = async <R extends RunnerView>(
  runners: readonly R[],
  sight: RunnerSight | undefined,
  jobs: RunnerSources['jobs'],
): Promise<readonly R[]> => {
  if (sight === undefined) return runners;
  await jobs.caughtUp();
  return runnersSeenBy(runners, sight, jobs.view());
};

/** A copy of what is recorded of one runner. */
export const showRunner = async (
  health: RunnerSources['health'],
  name: string,
): Promise<E.Either<AppError, RunnerView>> => {
  await health.caughtUp();
  const found = runnerView(health.view(), name);
  return found === undefined ? E.left(unknownRunner(name)) : E.right(structuredClone(found));
};

/**
 * Lists and show, of the live views or of those at a moment. One that may not be seen is as if it were not there. `standingOf`: in which
 * state a runner is shown, where that is not as it is recorded.
 */
export const runnerReads = (
  { health, jobs }: RunnerSources,
  standingOf: (runner: RunnerView) => Standing = (runner) => runner,
): Pick<Reads, 'listRunners' | 'windowRunners' | 'showRunner'> => ({
  listRunners: (sight) => async () => {
    await health.caughtUp();
    return E.right(await seen(structuredClone(runnerViews(health.view())), sight, jobs));
  },
  windowRunners: (request, sight) => async () => {
    await health.caughtUp();
    const all = Object.values(health.view().runners);
    const shown = sight === undefined ? all : all.filter((runner) => isShown(runner, sight));
    const { items, ...rest } = runnerWindow(shown, request, standingOf);
    return E.right({ ...rest, items: await seen(structuredClone(items), sight, jobs) });
  },
  showRunner: (name, sight) => async () => {
    const found = await showRunner(health, name);
    if (E.isLeft(found)) return found;
    const [shown] = await seen([found.right], sight, jobs);
    return shown === undefined ? E.left(unknownRunner(name)) : E.right(shown);
  },
});
