/**
 * One run of a stage: started once, its phases end, then it ends as they did. Repeats are no-ops.
 *
 *   none ─Start→ running ─RecordPhaseFinished→ running ─Finish→ finished
 */
import * as E from 'fp-ts/lib/Either.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase, StageRunStarted } from '../../../src/events/change.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { never, type Decider } from '../../../src/kernel/decider.js';
import type { TypeOf } from 'io-ts';
import { progress } from './progress.js';

export type StageRunCommand =
  | { readonly kind: 'StartStageRun'; readonly data: TypeOf<typeof StageRunStarted> }
  | {
      readonly kind: 'RecordPhaseFinished';
      readonly phase: string;
      readonly phaseRunId: string;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'FinishStageRun' };

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
      return state.status === 'running'
        ? { ...state, ended: { ...state.ended, [event.data.phase]: event.data.outcome } }
        : state;
    case 'StageRunFinished':
      return { status: 'finished' };
    case 'ChangeOpened':
    case 'PatchsetAdded':
    case 'StageTriggered':
      return state;
    default:
      return never(event);
  }
};

const decide = (
  command: StageRunCommand,
  state: StageRunState,
): E.Either<StageRunRefusal, readonly ChangeEvent[]> => {
  if (command.kind === 'StartStageRun')
    return E.right(state.status === 'none' ? [{ type: 'StageRunStarted', data: command.data }] : []);
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
