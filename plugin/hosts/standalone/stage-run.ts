/**
 * One run of a stage: started once, its phases end, then it ends as they did. Repeats are no-ops.
 *
 *   none ─Start→ running ─RecordPhaseFinished→ running ─Finish→ finished
 *    └────────────┴─Cancel→ finished
 */
import * as E from 'fp-ts/lib/Either.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { StageRunStarted } from '../../../src/events/change.js';
import type { EndedPhase, StageCancelWhy } from '../../../src/events/promotion.js';
import type { Outcome } from '../../../src/events/shapes.js';
import type { Decider } from '../../../src/kernel/decider.js';
import type { TypeOf } from 'io-ts';
import { keyOf, type PhaseRef } from './ids.js';
import { isPlanned, progress, type EndedPhases, type Lane, type Planned } from './progress.js';

export type StageRunCommand =
  /** `kept`: phases that count as they ended in an earlier run. */
  | {
      readonly kind: 'StartStageRun';
      readonly data: TypeOf<typeof StageRunStarted>;
      readonly kept?: readonly EndedPhase[];
    }
  | (PhaseRef & {
      readonly kind: 'RecordPhaseFinished';
      readonly phaseRunId: string;
      readonly outcome: Outcome;
    })
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
  | { readonly status: 'running'; readonly planned: Planned; readonly ended: EndedPhases };

const evolve = (state: StageRunState, event: ChangeEvent): StageRunState => {
  switch (event.type) {
    case 'StageRunStarted':
      return { status: 'running', planned: event.data, ended: {} };
    case 'StagePhaseFinished':
    case 'StagePhaseKept':
      return state.status === 'running'
        ? { ...state, ended: { ...state.ended, [keyOf(event.data)]: event.data.outcome } }
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
  const { end, lanes } = progress(state.planned, state.ended);
  return end !== undefined
    ? E.right([{ type: 'StageRunFinished', data: { status: end } }])
    : E.left({
        code: 'stage_run_not_over',
        message: `All phases were expected to have ended; ${lanes.flatMap(mayRun).join(', ')} may still run.`,
      });
};

const mayRun = (lane: Lane): readonly string[] =>
  lane.at === 'group' ? lane.phases.map(({ phase }) => phase) : [];

const start = ({
  data,
  kept = [],
}: Extract<StageRunCommand, { kind: 'StartStageRun' }>): readonly ChangeEvent[] => [
  { type: 'StageRunStarted', data },
  ...kept.map((phase): ChangeEvent => ({ type: 'StagePhaseKept', data: phase })),
];

const record = (
  ended: Extract<StageRunCommand, { kind: 'RecordPhaseFinished' }>,
  state: Extract<StageRunState, { status: 'running' }>,
): E.Either<StageRunRefusal, readonly ChangeEvent[]> => {
  const { phase, consumer, phaseRunId, outcome } = ended;
  if (!isPlanned(state.planned, ended))
    return E.left({ code: 'phase_not_planned', message: `Phase ${phase} is not part of this stage run.` });
  if (state.ended[keyOf(ended)] !== undefined) return E.right([]);
  const data = { phase, phaseRunId, outcome, ...(consumer === undefined ? {} : { consumer }) };
  return E.right([{ type: 'StagePhaseFinished', data }]);
};

/** Decides for streams `stage_run-<id>`. */
export const stageRunDecider: Decider<StageRunCommand, StageRunState, ChangeEvent, StageRunRefusal> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
