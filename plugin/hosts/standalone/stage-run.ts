/**
 * One run of a stage: started once, its phases end, then it ends as they did. Repeats are no-ops.
 *
 *   none ─Start→ running ─RecordPhaseFinished→ running ─Finish→ finished
 *    └────────────┴─Cancel→ finished
 */
import * as E from 'fp-ts/lib/Either.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase, StageRunStarted } from '../../../src/events/change.js';
import type { EndedPhase, StageCancelWhy } from '../../../src/events/promotion.js';
import type { Outcome } from '../../../src/events/shapes.js';
import type { Decider } from '../../../src/kernel/decider.js';
import type { TypeOf } from 'io-ts';
import { progress } from './progress.js';

export type StageRunCommand =
  /** `kept`: phases that count as they ended in an earlier run. */
  | {
      readonly kind: 'StartStageRun';
      readonly data: TypeOf<typeof StageRunStarted>;
      readonly kept?: readonly EndedPhase[];
    }
  | {
      readonly kind: 'RecordPhaseFinished';
      readonly phase: string;
      readonly phaseRunId: string;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'FinishStageRun' }
  /** It is not to go on, and nothing of it runs any more. */
  | {
      readonly kind: 'CancelStageRun';
      readonly changeId: string;
      readonly stage: string;
      readonly why: StageCancelWhy;
    };

export type StageRunRefusal =
  | { readonly code: 'stage_run_unknown'; readonly message: string }
  | { readonly code: 'phase_not_planned'; readonly message: string }
  | { readonly code: 'stage_run_not_over'; readonly message: string };

export type StageRunState =
  | { readonly status: 'none' }
  | { readonly status: 'finished' }
  | {
      readonly status: 'running';
      readonly plan: readonly PlannedPhase[];
      readonly ended: Readonly<Record<string, Outcome>>;
    };

const evolve = (state: StageRunState, event: ChangeEvent): StageRunState => {
  switch (event.type) {
    case 'StageRunStarted':
      return { status: 'running', plan: event.data.plan, ended: {} };
    case 'StagePhaseFinished':
    case 'StagePhaseKept':
      return state.status === 'running'
        ? { ...state, ended: { ...state.ended, [event.data.phase]: event.data.outcome } }
        : state;
    case 'StageRunFinished':
    case 'StageRunCancelled':
      return { status: 'finished' };
    default:
      return state;
  }
};

const decide = (
  command: StageRunCommand,
  state: StageRunState,
): E.Either<StageRunRefusal, readonly ChangeEvent[]> => {
  if (command.kind === 'StartStageRun') return E.right(state.status === 'none' ? start(command) : []);
  if (command.kind === 'CancelStageRun') {
    const { changeId, stage, why } = command;
    const cancelled: ChangeEvent = { type: 'StageRunCancelled', data: { changeId, stage, why } };
    return E.right(state.status === 'finished' ? [] : [cancelled]);
  }
  if (state.status === 'none')
    return E.left({ code: 'stage_run_unknown', message: 'A started stage run was expected; there is none.' });
  if (state.status === 'finished') return E.right([]);
  if (command.kind === 'RecordPhaseFinished') return record(command, state);
  const now = progress(state.plan, state.ended);
  return now.at === 'end'
    ? E.right([{ type: 'StageRunFinished', data: { status: now.status } }])
    : E.left({
        code: 'stage_run_not_over',
        message: `All phases were expected to have ended; ${now.phases.map(({ phase }) => phase).join(', ')} may still run.`,
      });
};

const start = ({
  data,
  kept = [],
}: Extract<StageRunCommand, { kind: 'StartStageRun' }>): readonly ChangeEvent[] => [
  { type: 'StageRunStarted', data },
  ...kept.map((phase): ChangeEvent => ({ type: 'StagePhaseKept', data: phase })),
];

const record = (
  { phase, phaseRunId, outcome }: Extract<StageRunCommand, { kind: 'RecordPhaseFinished' }>,
  state: Extract<StageRunState, { status: 'running' }>,
): E.Either<StageRunRefusal, readonly ChangeEvent[]> => {
  if (!state.plan.some((planned) => planned.phase === phase && !planned.skipped))
    return E.left({ code: 'phase_not_planned', message: `Phase ${phase} is not part of this stage run.` });
  if (state.ended[phase] !== undefined) return E.right([]);
  return E.right([{ type: 'StagePhaseFinished', data: { phase, phaseRunId, outcome } }]);
};

/** Decides for streams `stage_run-<id>`. */
export const stageRunDecider: Decider<StageRunCommand, StageRunState, ChangeEvent, StageRunRefusal> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
