/** What an engine asks of its phase runs: how one stands, now or as soon as that is news, and in whose scope it is. */
import * as E from 'fp-ts/lib/Either.js';
import { filter } from 'rxjs';
import type { JobsView } from '../../projections/jobs.js';
import { phaseKeyOf, type PhaseRunsView } from '../../projections/phase-runs.js';
import { find } from '../../projections/table.js';
import type { GrantScope } from '../domain/grants.js';
import { phaseRunIdOf } from '../domain/phase-run.js';
import type { BatonEvent } from '../events/catalog.js';
import type { Recorded } from '../kernel/recorded.js';
import { keyOf } from './calls.js';
import { appError, type AppError } from './errors.js';
import { load, type Deps } from './handle.js';
import type { HostUseCases, PhaseAsked, PhaseWait } from './host-calls.js';
import { jobIdsOf, phaseStateOf, promotionIn, type PhaseStory } from './phase-state.js';
import type { ReadModel } from './read-models.js';
import { wakeOn } from './wake.js';

export interface PhaseReadDeps extends Pick<Deps, 'store'> {
  readonly jobs: ReadModel<JobsView>;
  readonly 'phase-runs': ReadModel<PhaseRunsView>;
}

type Answer<A> = Promise<E.Either<AppError, A>>;

/** Answers that are held for one token; who asks for more is answered at once. */
const MOST_HELD = 500;

const unknown = ({ host, hostKey, attempt }: PhaseAsked): AppError =>
  appError(
    'not_found',
    'phase_unknown',
    `${host} has promoted no phase ${hostKey}${attempt === undefined ? '' : ` with attempt ${attempt}`}.`,
    { hint: 'Promote it first: POST /api/v1/hosts/HOST/phases.' },
  );

/** The narrowest that holds both. */
const around = (a: GrantScope, b: GrantScope): GrantScope => {
  if (a.enterprise === undefined || a.enterprise !== b.enterprise) return {};
  const { enterprise } = a;
  if (a.organisation === undefined || a.organisation !== b.organisation) return { enterprise };
  const { organisation } = a;
  return a.project === undefined || a.project !== b.project ? { enterprise, organisation } : a;
};

export const phaseReads = (
  deps: PhaseReadDeps,
): Pick<HostUseCases, 'followPhase' | 'placeOfPhase' | 'placeOfHostChange'> => {
  const { store, jobs } = deps;
  const phaseRuns = deps['phase-runs'];
  const held = new Map<string, number>();

  const storyOf = async (asked: PhaseAsked): Answer<PhaseStory> => {
    const { host, hostKey } = asked;
    await phaseRuns.caughtUp();
    const lastAttempt = find(phaseRuns.view().last, phaseKeyOf(host, hostKey));
    if (lastAttempt === undefined) return E.left(unknown(asked));
    const phaseRunId = phaseRunIdOf(host, hostKey, asked.attempt ?? lastAttempt);
    const history = await load(store, `phase_run-${phaseRunId}`);
    if (E.isLeft(history)) return history;
    const { events } = history.right;
    const promoted = promotionIn(events);
    return promoted === undefined
      ? E.left(unknown(asked))
      : E.right({ phaseRunId, promoted, events, lastAttempt });
  };

  const seenStoryOf = async (asked: PhaseAsked, sees: PhaseWait['sees']): Answer<PhaseStory> => {
    const story = await storyOf(asked);
    if (E.isLeft(story)) return story;
    return sees?.(story.right.promoted.scope) === false ? E.left(unknown(asked)) : story;
  };

  const concerns = (
    { host, hostKey }: PhaseAsked,
    streams: ReadonlySet<string>,
    last: Recorded<BatonEvent> | undefined,
  ): boolean =>
    last === undefined ||
    streams.has(last.stream) ||
    (last.event.type === 'PhasePromoted' &&
      last.event.data.host === host &&
      last.event.data.hostKey === hostKey);

  const follow = async (asked: PhaseAsked, { known, waitMs, signal, sees }: PhaseWait) => {
    const deadlineMs = performance.now() + waitMs;
    let streams: ReadonlySet<string> = new Set();
    const wake = wakeOn(
      jobs.view$.pipe(filter(({ last }) => concerns(asked, streams, last))),
      () => undefined,
    );
    try {
      for (;;) {
        const story = await seenStoryOf(asked, sees);
        if (E.isLeft(story)) return story;
        // the words of the ends come with the view, which has to include what was read
        await jobs.caughtUp();
        const { phaseRunId, promoted } = story.right;
        const state = phaseStateOf(story.right, jobs.view());
        if (state.known !== known || signal.aborted || performance.now() >= deadlineMs) return E.right(state);
        const run = `phase_run-${phaseRunId}`;
        // what came before it was known what to look for has to be looked for once more
        if (streams.has(run)) await wake.pause(Math.max(0, deadlineMs - performance.now()), signal);
        else streams = new Set([run, ...jobIdsOf(phaseRunId, promoted).map((id) => `job-${id}`)]);
      }
    } finally {
      wake.close();
    }
  };

  return {
    followPhase: (asked, how) => async () => {
      const key = keyOf(how.caller);
      const count = held.get(key) ?? 0;
      if (how.known === undefined || how.waitMs === 0 || count >= MOST_HELD)
        return follow(asked, { ...how, waitMs: 0 });
      held.set(key, count + 1);
      try {
        return await follow(asked, how);
      } finally {
        const left = (held.get(key) ?? 1) - 1;
        if (left === 0) held.delete(key);
        else held.set(key, left);
      }
    },
    placeOfPhase: (asked, sees) => async () =>
      E.map(({ promoted }: PhaseStory) => promoted.scope)(await seenStoryOf(asked, sees)),
    placeOfHostChange: (host, changeId) => async () => {
      await phaseRuns.caughtUp();
      const scopes = Object.values(phaseRuns.view().live)
        .filter((run) => run.host === host && run.changeId === changeId)
        .map(({ scope }): GrantScope => scope);
      const [first, ...more] = scopes;
      return E.right(first && more.reduce(around, first));
    },
  };
};
