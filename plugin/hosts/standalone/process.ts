/**
 * What does the pipeline owe next? Starts triggered stages, one per queue; promotes their phases group by group; ends them;
 * tells their changes; performs merges; keeps changesets. Level-triggered: what is owed is read from the state alone, and
 * keeps the id of the event that made it owed.
 */
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { PhasePromoted } from '../../../src/events/phase-run.js';
import type { Source } from '../../../src/events/shapes.js';
import { deriveId } from '../../../src/kernel/ids.js';
import type { Process } from '../../../src/kernel/process.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import type { ChangeCommand } from './change.js';
import { HOST, hostKeyOf, keyOf, type PhaseRef } from './ids.js';
import { isQuiet, laneOf, progressOf, type LiveRun } from './live-run.js';
import type { PipelineCommand } from './pipeline.js';
import { evolvePipeline, noPipelines, queuesOf, type PipelineState } from './pipeline-state.js';
import { evolvePromotion, noPromotions, owedInLine, type PromotionState } from './promotion-state.js';
import type { StageRunCommand } from './stage-run.js';

interface Owed {
  readonly commandId: string;
  /** The event that made this owed. */
  readonly causationId: string;
  /** The change. */
  readonly correlationId: string;
  /** Carried over from the person who set this off. */
  readonly actor?: string;
  readonly reason?: string;
}

type ToChange = Extract<ChangeCommand, { kind: 'RecordStageEnded' | 'SupersedeChange' }>;

export type StandaloneCommand = Owed &
  (
    | (StageRunCommand & { readonly target: 'stage_run'; readonly stageRunId: string })
    | (ToChange & { readonly target: 'change' })
    | (PipelineCommand & { readonly target: 'pipeline' })
    /** For the core's phase runs. */
    | { readonly target: 'phase_run'; readonly kind: 'PromotePhase'; readonly data: PhasePromoted }
    | { readonly target: 'phase_run'; readonly kind: 'CancelPhase'; readonly hostKey: string }
    /** Takes long: looks at the refs, pushes, looks again. */
    | {
        readonly target: 'source';
        readonly kind: 'PerformMerge';
        readonly changeId: string;
        readonly source: Source;
      }
  );

export interface StandaloneState extends PipelineState, PromotionState {}

const NAME = 'standalone';

const because = (eventId: string, what: string, changeId: string): Owed => ({
  commandId: deriveId(eventId, NAME, what),
  causationId: eventId,
  correlationId: changeId,
});

const reasons = {
  requested: 'the stage was cancelled',
  new_patchset: 'a new patchset was submitted',
  deleted: 'the change was deleted',
  superseded: 'a later change of the pipeline has begun Acceptance',
  too_large: 'what its consumers run does not fit into one event',
} as const;

/** Everything owed by this queue now: its first stage run goes on, and any that was cancelled ends. */
const owedInQueue = (state: PipelineState, queueKey: string): readonly StandaloneCommand[] =>
  (state.queues.get(queueKey) ?? []).flatMap((run, at) =>
    run.cancel ? owedByCancelled(run) : at === 0 ? owedByFirst(run) : [],
  );

const owedByFirst = (run: LiveRun): readonly StandaloneCommand[] => {
  const { stageRunId, data, cause } = run;
  const toRun = { target: 'stage_run', stageRunId } as const;
  if (!run.started) {
    const start = {
      ...because(cause, 'start', data.changeId),
      ...toRun,
      kind: 'StartStageRun',
      data,
    } as const;
    return [run.kept.length === 0 ? start : { ...start, kept: run.kept }];
  }
  const now = progressOf(run);
  if (now.end !== undefined)
    return [
      ...unrecorded(run),
      { ...because(cause, 'finish', data.changeId), ...toRun, kind: 'FinishStageRun' },
    ];
  const promotions = now.lanes.flatMap((lane) => {
    if (lane.at !== 'group') return [];
    const of = lane.consumer === undefined ? {} : { consumer: lane.consumer };
    return lane.phases
      .map(({ phase }): PhaseRef => ({ ...of, phase }))
      .filter((phase) => !run.promoted.has(keyOf(phase)) && !run.ended.has(keyOf(phase)))
      .map((phase): StandaloneCommand => ({
        ...because(run.laneCauses.get(laneOf(phase)) ?? cause, `promote ${keyOf(phase)}`, data.changeId),
        ...{ target: 'phase_run', kind: 'PromotePhase', data: promotion(run, phase) },
      }));
  });
  return [...unrecorded(run), ...promotions];
};

/** Promotes nothing more, cancels what runs, and ends when nothing does. All that had passed before stays passed. */
const owedByCancelled = (run: LiveRun): readonly StandaloneCommand[] => {
  const { stageRunId, data, cancel } = run;
  if (!cancel) return [];
  const { changeId, stage } = data;
  const toRun = { target: 'stage_run', stageRunId } as const;
  if (run.started && progressOf(run).end === 'passed')
    return [
      ...unrecorded(run),
      { ...because(run.cause, 'finish', changeId), ...toRun, kind: 'FinishStageRun' },
    ];
  if (isQuiet(run))
    return [
      {
        ...because(run.cancelCause, `cancel ${stageRunId}`, changeId),
        ...{ ...toRun, kind: 'CancelStageRun', changeId, stage, why: cancel.why },
      },
    ];
  const cancels = [...run.promoted].flatMap(([key, phase]): StandaloneCommand[] =>
    phase.cancelCause === undefined || phase.cancelAsked || run.ended.has(key) || run.unrecorded.has(key)
      ? []
      : [
          {
            ...because(phase.cancelCause, `cancel ${stageRunId} ${key}`, changeId),
            ...{ actor: cancel.actor, reason: cancel.reason ?? reasons[cancel.why] },
            ...{ target: 'phase_run', kind: 'CancelPhase', hostKey: hostKeyOf(stageRunId, phase) },
          },
        ],
  );
  return [...unrecorded(run), ...cancels];
};

const unrecorded = (run: LiveRun): readonly StandaloneCommand[] =>
  [...run.unrecorded].map(([key, { eventId, ...ended }]): StandaloneCommand => ({
    ...because(eventId, `record ${key}`, run.data.changeId),
    ...{ target: 'stage_run', kind: 'RecordPhaseFinished', stageRunId: run.stageRunId },
    ...ended,
  }));

/** Whose phase it is: a consumer's runs for the consumer, so that its commit, secrets and roles hold, and says in whose Union. */
const ownerOf = ({ changeId, title, patchset, consumers = [], ...data }: LiveRun['data'], by?: string) => {
  const consumer = by === undefined ? undefined : consumers.find((other) => other.changeId === by);
  if (!consumer) return { ...data, change: { id: changeId, title, patchset } };
  const change = { id: consumer.changeId, title: consumer.title, unionOf: changeId };
  return { ...consumer, change };
};

const promotion = ({ stageRunId, data, retry: again }: LiveRun, ref: PhaseRef): PhasePromoted => {
  const { stage } = data;
  const { phase, consumer } = ref;
  const { plan, scope, pipeline, source, change } = ownerOf(data, consumer);
  const planned = plan.find((candidate) => candidate.phase === phase);
  if (!planned) throw new Error(`phase ${keyOf(ref)} is not in the plan of stage run ${stageRunId}`);
  const { steps, rows, limits, priority = 0, output, retry, workspace, reports, slots } = planned;
  return {
    ...{ host: HOST, hostKey: hostKeyOf(stageRunId, ref), attempt: 1 },
    ...{ scope, pipeline, stage, phase, source, steps, rows, limits },
    variables: [],
    secretRefs: [],
    priority,
    whenUnmatchable: 'wait',
    change,
    ...(output === undefined ? {} : { output }),
    ...(retry === undefined ? {} : { retry }),
    ...(again !== undefined && again.phase === keyOf(ref) ? { retryOf: again.of } : {}),
    ...(workspace === undefined ? {} : { workspace }),
    ...(reports === undefined ? {} : { reports }),
    ...(slots === undefined ? {} : { slots }),
  };
};

/** Ends that changes are to take notice of, merges, and what the lines of the pipelines owe. */
const owedToChanges = (state: StandaloneState): readonly StandaloneCommand[] => [
  ...[...state.endings.values()].map(({ eventId, ...ending }): StandaloneCommand => ({
    ...because(eventId, `ended ${ending.stageRunId}`, ending.changeId),
    ...{ target: 'change', kind: 'RecordStageEnded', ...ending },
  })),
  ...[...state.merges].map(([changeId, { source, eventId }]): StandaloneCommand => ({
    ...because(eventId, 'merge', changeId),
    ...{ target: 'source', kind: 'PerformMerge', changeId, source },
  })),
  ...[...state.lines].flatMap(([pipelineId, line]) => {
    const { joins, superseded } = owedInLine(line);
    return [
      ...joins.map(({ changeId, eventId }): StandaloneCommand => ({
        ...because(eventId, 'join', changeId),
        ...{ target: 'pipeline', kind: 'JoinChangeset', pipelineId, changeId },
      })),
      ...superseded.map(({ changeId, by, delivered, eventId }): StandaloneCommand => ({
        ...because(eventId, `supersede ${changeId}`, changeId),
        ...{ target: 'change', kind: 'SupersedeChange', changeId, by, delivered },
      })),
    ];
  }),
  ...[...state.closings].map(([changeId, { pipelineId, eventId }]): StandaloneCommand => ({
    ...because(eventId, 'close', changeId),
    ...{ target: 'pipeline', kind: 'CloseChangeset', pipelineId, changeId },
  })),
];

const concernsChanges = new Set<BatonEvent['type']>([
  ...(['StageRunStarted', 'StageRunFinished', 'StageRunCancelled', 'MergeIntended'] as const),
  ...(['ChangeMerged', 'ChangeDelivered', 'ChangesetJoined'] as const),
]);

/** The standalone host's saga. `react` gives what this event made owed; `resume` gives all of it again, under the same ids. */
export const standaloneProcess: Process<BatonEvent, StandaloneCommand, StandaloneState> = {
  name: NAME,
  version: 3,
  init: () => ({ ...noPipelines(), ...noPromotions() }),
  evolve: (state, recorded) => {
    evolvePipeline(state, recorded);
    evolvePromotion(state, recorded);
    return state;
  },
  react: (state, recorded: Recorded<BatonEvent>) =>
    [
      ...queuesOf(state, recorded).flatMap((queueKey) => owedInQueue(state, queueKey)),
      ...(concernsChanges.has(recorded.event.type) ? owedToChanges(state) : []),
    ].filter(({ causationId }) => causationId === recorded.id),
  tick: () => [],
  resume: (state) => [
    ...[...state.queues.keys()].flatMap((queueKey) => owedInQueue(state, queueKey)),
    ...owedToChanges(state),
  ],
};
