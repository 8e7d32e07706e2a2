/** What can be asked of runners, now or as they were. */
import * as E from 'fp-ts/lib/Either.js';
import { runnerView, runnerViews, type RunnerHealthView } from '../../projections/runner-health.js';
import type { ViewSource } from './past.js';
import { unknownRunner } from './runner-target.js';
import type { Reads } from './use-cases.js';

/** List and show, of the live view or of one at a moment. */
export const runnerReads = (
  health: ViewSource<RunnerHealthView>,
): Pick<Reads, 'listRunners' | 'showRunner'> => ({
  listRunners: () => async () => {
    await health.caughtUp();
    return E.right(structuredClone(runnerViews(health.view())));
  },
  showRunner: (name) => async () => {
    await health.caughtUp();
    const found = runnerView(health.view(), name);
    return found === undefined ? E.left(unknownRunner(name)) : E.right(structuredClone(found));
  },
});
