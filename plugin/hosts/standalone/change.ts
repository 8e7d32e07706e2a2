/**
 * A change: its patchsets, and the stages that they trigger.
 *
 *   none ─SubmitPatchset→ open ─SubmitPatchset (another sha)→ open …
 */
import * as E from 'fp-ts/lib/Either.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { Scope, Source } from '../../../src/events/shapes.js';
import { never, type Decider } from '../../../src/kernel/decider.js';
import { stageRunIdOf, verifyQueue } from './ids.js';

export type ChangeCommand =
  /** A new patchset always triggers Verify. `changeId` is `changeIdOf` the others. */
  | {
      readonly kind: 'SubmitPatchset';
      readonly changeId: string;
      readonly scope: Scope;
      readonly pipeline: string;
      readonly branch: string;
      readonly title: string;
      readonly source: Source;
      readonly plan: readonly PlannedPhase[];
    }
  /** Verify once more for the latest patchset. */
  | {
      readonly kind: 'TriggerStage';
      readonly changeId: string;
      readonly stage: 'verify';
      readonly plan: readonly PlannedPhase[];
    };

export type ChangeRefusal =
  | { readonly code: 'same_patchset'; readonly message: string; readonly hint: string }
  | { readonly code: 'other_repository'; readonly message: string; readonly hint: string }
  | { readonly code: 'change_unknown'; readonly message: string; readonly hint: string };

export type ChangeState =
  | { readonly status: 'none' }
  | {
      readonly status: 'open';
      readonly repository: string;
      readonly patchset: number;
      readonly sha: string;
      /** Stage → how often it was triggered. */
      readonly triggered: Readonly<Record<string, number>>;
    };

const evolve = (state: ChangeState, event: ChangeEvent): ChangeState => {
  switch (event.type) {
    case 'ChangeOpened':
      return { status: 'open', repository: event.data.repository, patchset: 0, sha: '', triggered: {} };
    case 'PatchsetAdded':
      return state.status === 'none'
        ? state
        : { ...state, patchset: event.data.number, sha: event.data.source.sha };
    case 'StageTriggered': {
      if (state.status === 'none') return state;
      const { stage } = event.data;
      return { ...state, triggered: { ...state.triggered, [stage]: (state.triggered[stage] ?? 0) + 1 } };
    }
    case 'StageRunStarted':
    case 'StagePhaseFinished':
    case 'StageRunFinished':
      return state;
    default:
      return never(event);
  }
};

const decide = (
  command: ChangeCommand,
  state: ChangeState,
): E.Either<ChangeRefusal, readonly ChangeEvent[]> => {
  switch (command.kind) {
    case 'SubmitPatchset':
      return submit(command, state);
    case 'TriggerStage':
      return state.status === 'none'
        ? E.left({
            code: 'change_unknown',
            message: `A change was expected under ${command.changeId}; there is none.`,
            hint: 'Submit the branch first.',
          })
        : E.right([triggered(command.changeId, command.plan, state.patchset, state.triggered)]);
    default:
      return never(command);
  }
};

const submit = (
  command: Extract<ChangeCommand, { kind: 'SubmitPatchset' }>,
  state: ChangeState,
): E.Either<ChangeRefusal, readonly ChangeEvent[]> => {
  const { changeId, scope, pipeline, branch, title, source, plan } = command;
  if (state.status === 'open' && state.repository !== source.repository)
    return E.left({
      code: 'other_repository',
      message: `Branch ${branch} of project ${scope.project} is a change of ${state.repository}; this one comes from ${source.repository}.`,
      hint: 'Give the other repository a project name of its own.',
    });
  if (state.status === 'open' && state.sha === source.sha)
    return E.left({
      code: 'same_patchset',
      message: `A new commit was expected on ${branch}; ${source.sha.slice(0, 12)} is patchset ${state.patchset} already.`,
      hint: 'Commit and push to the branch, then submit again.',
    });
  const number = state.status === 'open' ? state.patchset + 1 : 1;
  const { repository } = source;
  const opened: readonly ChangeEvent[] =
    state.status === 'open'
      ? []
      : [{ type: 'ChangeOpened', data: { scope, pipeline, branch, repository, title } }];
  return E.right([
    ...opened,
    { type: 'PatchsetAdded', data: { number, source } },
    triggered(changeId, plan, number, state.status === 'open' ? state.triggered : {}),
  ]);
};

const triggered = (
  changeId: string,
  plan: readonly PlannedPhase[],
  patchset: number,
  before: Readonly<Record<string, number>>,
): ChangeEvent => ({
  type: 'StageTriggered',
  data: {
    stage: 'verify',
    stageRunId: stageRunIdOf(changeId, 'verify', before['verify'] ?? 0),
    patchset,
    queueKey: verifyQueue(changeId),
    plan,
  },
});

/** Decides for streams `change-<id>`. */
export const changeDecider: Decider<ChangeCommand, ChangeState, ChangeEvent, ChangeRefusal> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
