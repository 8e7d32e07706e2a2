/**
 * What does the pipeline owe next? Starts triggered stages, one per queue; promotes their phases group by group; ends them.
 * Level-triggered: `owed` reads the state alone, and what it answers keeps the id of the event that made it owed.
 */
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { PhasePromoted } from '../../../src/events/phase-run.js';
import { deriveId } from '../../../src/kernel/ids.js';
import type { Process } from '../../../src/kernel/process.js';
import type { Recorded } from '../../../src/kernel/recorded.js';
import { HOST, hostKeyOf } from './ids.js';
import { progress } from './progress.js';
import {
  evolvePipeline,
  head,
  noPipelines,
  queuesOf,
  type LiveRun,
  type PipelineState,
} from './pipeline-state.js';
import type { StageRunCommand } from './stage-run.js';

interface Envelope {
  readonly commandId: string;
  /** The event that made this owed. */
  readonly causationId: string;
  /** The change. */
  readonly correlationId: string;
}

/** All but the last are for `stageRunDecider` on `stage_run-<stageRunId>`; `PromotePhase` is for the core's phase runs. */
export type StandaloneCommand =
  | (Envelope & StageRunCommand & { readonly stageRunId: string })
  | (Envelope & { readonly kind: 'PromotePhase'; readonly data: PhasePromoted });

const NAME = 'standalone';

/** Everything owed by this queue now: only its first stage run can owe anything. */
export const owed = (state: PipelineState, queueKey: string): readonly StandaloneCommand[] => {
  const run = head(state, queueKey);
  if (!run) return [];
  const { stageRunId } = run;
  const envelope = (causationId: string, what: string): Envelope => ({
    commandId: deriveId(causationId, NAME, what),
    causationId,
    correlationId: run.data.changeId,
  });
  if (!run.started)
    return [{ ...envelope(run.cause, 'start'), kind: 'StartStageRun', stageRunId, data: run.data }];

  const unrecorded = [...run.unrecorded].map(
    ([phase, { phaseRunId, outcome, eventId }]): StandaloneCommand => ({
      ...envelope(eventId, `record ${phase}`),
      ...{ kind: 'RecordPhaseFinished', stageRunId, phase, phaseRunId, outcome },
    }),
  );
  const now = progress(run.data.plan, run.ended);
  if (now.at === 'end')
    return [...unrecorded, { ...envelope(run.cause, 'finish'), kind: 'FinishStageRun', stageRunId }];
  const promotions = now.phases
    .filter(({ phase }) => !run.promoted.has(phase))
    .map(({ phase }): StandaloneCommand => ({
      ...envelope(run.cause, `promote ${phase}`),
      ...{ kind: 'PromotePhase', data: promotion(run, phase) },
    }));
  return [...unrecorded, ...promotions];
};

const promotion = ({ stageRunId, data }: LiveRun, phase: string): PhasePromoted => {
  const planned = data.plan.find((candidate) => candidate.phase === phase);
  if (!planned) throw new Error(`phase ${phase} is not in the plan of stage run ${stageRunId}`);
  const { changeId, title, patchset, scope, pipeline, stage, source } = data;
  const { steps, rows, limits } = planned;
  return {
    ...{ host: HOST, hostKey: hostKeyOf(stageRunId, phase), attempt: 1 },
    ...{ scope, pipeline, stage, phase, source, steps, rows, limits },
    variables: [],
    secretRefs: [],
    priority: 0,
    whenUnmatchable: 'wait',
    change: { id: changeId, title, patchset },
  };
};

/** The standalone host's saga. `react` gives what this event made owed; `resume` gives all of it again, under the same ids. */
export const standaloneProcess: Process<BatonEvent, StandaloneCommand, PipelineState> = {
  name: NAME,
  init: noPipelines,
  evolve: evolvePipeline,
  react: (state, event: Recorded<BatonEvent>) =>
    queuesOf(state, event)
      .flatMap((queueKey) => owed(state, queueKey))
      .filter(({ causationId }) => causationId === event.id),
  tick: () => [],
  resume: (state) => [...state.queues.keys()].flatMap((queueKey) => owed(state, queueKey)),
};
