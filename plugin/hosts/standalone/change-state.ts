/** What a change has come to: its patchset, its merge, and the latest run of each stage. Plain data, folded from its stream. */
import type { Stage } from '../../../src/domain/stage-plan.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { EndedPhase } from '../../../src/events/promotion.js';
import type { Scope, Source } from '../../../src/events/shapes.js';
import type { MergePlan } from './plan.js';
import type { ChangeStatus, StageStatus, Standing } from './rules.js';

/** The latest run of a stage. */
export interface StageState {
  readonly stageRunId: string;
  /** How often the stage was triggered. */
  readonly runs: number;
  readonly status: StageStatus;
  /** All rows of all phases: what running a phase or the stage again starts from. */
  readonly plan: readonly PlannedPhase[];
  /** Of a run that has ended: how its phases did. */
  readonly phases: readonly EndedPhase[];
}

/** A merge that is intended or has landed: what later stages run. */
export interface MergeState extends MergePlan {
  readonly source: Source;
}

export interface KnownChange {
  readonly status: ChangeStatus;
  readonly scope: Scope;
  readonly pipeline: string;
  readonly branch: string;
  readonly repository: string;
  readonly patchset: number;
  /** Of the latest patchset. */
  readonly source: Source | undefined;
  readonly merge: MergeState | undefined;
  readonly supersededBy: string | undefined;
  readonly stages: Readonly<Partial<Record<string, StageState>>>;
  /** Stage runs that were triggered and whose end has not been taken notice of. */
  readonly unended: readonly string[];
  /** Those of them that are to end: whether they run or not, or only while they wait. */
  readonly toEnd: Readonly<Partial<Record<string, 'anyway' | 'waiting'>>>;
}

export type ChangeState = { readonly status: 'none' } | KnownChange;

/** As the rules want to see it. */
export const standingOf = ({ status, supersededBy, stages }: KnownChange): Standing => ({
  ...{ status, supersededBy },
  stage: (stage: Stage) => stages[stage]?.status,
});

type DataOf<T extends ChangeEvent['type']> = Extract<ChangeEvent, { type: T }>['data'];

const withRun = (
  state: KnownChange,
  { stage, stageRunId }: DataOf<'StageTriggered'>,
  plan: readonly PlannedPhase[],
): KnownChange => ({
  ...state,
  unended: [...state.unended, stageRunId],
  stages: {
    ...state.stages,
    [stage]: {
      ...{ stageRunId, plan, status: 'live', phases: [] },
      runs: (state.stages[stage]?.runs ?? 0) + 1,
    },
  },
});

/** Changes the latest run of the stage, if it is this one. */
const onRun = (
  state: KnownChange,
  stage: string,
  stageRunId: string,
  news: Partial<StageState>,
): KnownChange => {
  const latest = state.stages[stage];
  return latest?.stageRunId === stageRunId
    ? { ...state, stages: { ...state.stages, [stage]: { ...latest, ...news } } }
    : state;
};

/** Folds one event of the change's stream. */
export const evolveChange = (state: ChangeState, event: ChangeEvent): ChangeState => {
  if (event.type === 'ChangeOpened') {
    const { scope, pipeline, branch, repository } = event.data;
    return {
      ...{ status: 'open', scope, pipeline, branch, repository, patchset: 0, source: undefined },
      ...{ merge: undefined, supersededBy: undefined, stages: {}, unended: [], toEnd: {} },
    };
  }
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'PatchsetAdded':
      return { ...state, patchset: event.data.number, source: event.data.source };
    case 'StageTriggered':
      return withRun(state, event.data, event.data.plan);
    case 'PhaseRerunTriggered': {
      // its own plan may lack rows that had succeeded
      const { stage, plan } = event.data;
      return withRun(state, event.data, state.stages[stage]?.plan ?? plan);
    }
    case 'StageCancelRequested':
      return {
        ...state,
        toEnd: {
          ...state.toEnd,
          [event.data.stageRunId]: event.data.running === 'finish' ? 'waiting' : 'anyway',
        },
      };
    case 'StageEnded': {
      const { stage, stageRunId, status, phases } = event.data;
      const { [stageRunId]: _, ...toEnd } = state.toEnd;
      const ended = { ...state, unended: state.unended.filter((other) => other !== stageRunId), toEnd };
      return onRun(ended, stage, stageRunId, { status, phases });
    }
    case 'MergeIntended': {
      const { source, phases, overrides } = event.data;
      const merge = { source, phases, ...(overrides === undefined ? {} : { overrides }) };
      return { ...state, status: 'merging', merge };
    }
    case 'MergeRefused':
      return { ...state, status: 'open', merge: undefined };
    case 'ChangeMerged':
      return { ...state, status: 'merged' };
    case 'ChangeSuperseded':
      return {
        ...{ ...state, supersededBy: event.data.by },
        status: state.status === 'merged' ? 'superseded' : state.status,
      };
    case 'ChangeDelivered':
      return { ...state, status: 'delivered' };
    case 'ChangeDeleted':
      return { ...state, status: 'deleted' };
    default:
      return state;
  }
};
