/** What can be asked of runners, now or as they were. */
import * as E from 'fp-ts/lib/Either.js';
import { runnerView, runnerViews, type RunnerHealthView } from '../../projections/runner-health.js';
import { appError } from './errors.js';
import type { ViewSource } from './past.js';
import type { UseCases } from './use-cases.js';

/** List and show, of the live view or of one at a moment. */
export const runnerReads = (
  health: ViewSource<RunnerHealthView>,
): Pick<UseCases, 'listRunners' | 'showRunner'> => ({
  listRunners: () => async () => {
    await health.caughtUp();
    return E.right(structuredClone(runnerViews(health.view())));
  },
  showRunner: (name) => async () => {
    await health.caughtUp();
    const found = runnerView(health.view(), name);
    return found === undefined
      ? E.left(
          appError('not_found', 'runner_unknown', `There is no runner named ${name}.`, {
            hint: 'baton runner list',
          }),
        )
      : E.right(structuredClone(found));
  },
});
