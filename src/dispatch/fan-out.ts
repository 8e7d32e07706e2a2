/** Phase run → its jobs, and back: a promotion becomes one job per row; when all have ended, so has the phase run. */
import { canonical, filterClassOf } from '../domain/matching.js';
import { isJobEnd, OUTCOME_OF } from '../domain/outcome.js';
import { jobIdOf } from '../domain/phase-run.js';
import type { BatonEvent } from '../events/catalog.js';
import type { PhasePromoted } from '../events/phase-run.js';
import type { Outcome } from '../events/shapes.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf, type DispatchCommand } from './commands.js';

interface Cause {
  readonly eventId: string;
  readonly actor: string;
  readonly reason: string | undefined;
}

interface PhaseRun {
  readonly promotedBy: string;
  readonly promoted: PhasePromoted;
  cancel: Cause | undefined;
  /** Per row. */
  readonly jobs: Map<number, { outcome: Outcome | undefined; endedBy: string; cancelAsked: boolean }>;
}

export interface FanOutState {
  /** Live phase runs only. */
  readonly runs: Map<string, PhaseRun>;
  /** Job → its phase run and row. */
  readonly jobs: Map<string, { readonly run: string; readonly row: number }>;
}

const evolve = (
  state: FanOutState,
  { stream, revision, event, id, metadata }: Recorded<BatonEvent>,
): FanOutState => {
  const streamId = idOf(stream);
  switch (event.type) {
    case 'PhasePromoted':
      // only a cancel can come before a promotion; then its end was written with it, and nothing may start in between
      if (revision > 0) return state;
      state.runs.set(streamId, { promotedBy: id, promoted: event.data, cancel: undefined, jobs: new Map() });
      return state;
    case 'PhaseCancelRequested': {
      const run = state.runs.get(streamId);
      if (run) run.cancel = { eventId: id, actor: metadata.actor, reason: metadata.reason };
      return state;
    }
    case 'PhaseFinished': {
      const run = state.runs.get(streamId);
      for (const row of run?.jobs.keys() ?? []) state.jobs.delete(jobIdOf(streamId, row));
      state.runs.delete(streamId);
      return state;
    }
    case 'JobQueued': {
      const { phaseRunId, row } = event.data;
      state.runs.get(phaseRunId)?.jobs.set(row, { outcome: undefined, endedBy: '', cancelAsked: false });
      state.jobs.set(streamId, { run: phaseRunId, row });
      return state;
    }
  }
  const place = state.jobs.get(streamId);
  const job = place && state.runs.get(place.run)?.jobs.get(place.row);
  if (!job) return state;
  if (event.type === 'JobCancelRequested') job.cancelAsked = true;
  if (isJobEnd(event.type)) {
    job.outcome = OUTCOME_OF[event.type];
    job.endedBy = id;
  }
  return state;
};

/** Everything owed for one phase run. */
const owed = (state: FanOutState, phaseRunId: string): readonly DispatchCommand[] => {
  const run = state.runs.get(phaseRunId);
  if (!run) return [];
  const { promoted, promotedBy, cancel, jobs } = run;
  const rows = promoted.rows.map((row, index) => ({ ...row, index, job: jobs.get(index) }));

  if (cancel === undefined) {
    const missing = rows.filter((row) => row.job === undefined);
    if (missing.length > 0)
      return missing.map(({ index, label, filter }) => {
        const { scope, pipeline, stage, phase, limits, priority, whenUnmatchable } = promoted;
        const { change, output, retry, workspace, reports, slots } = promoted;
        return {
          commandId: deriveId(promotedBy, 'fan-out', 'queue', index),
          causationId: promotedBy,
          correlationId: phaseRunId,
          target: 'job',
          id: jobIdOf(phaseRunId, index),
          command: {
            kind: 'QueueJob',
            data: {
              phaseRunId,
              row: index,
              label,
              scope,
              pipeline,
              stage,
              phase,
              filter: canonical(filter),
              filterClass: filterClassOf(filter),
              limits,
              priority,
              whenUnmatchable,
              ...(change === undefined ? {} : { change }),
              ...(output === undefined ? {} : { output }),
              ...(retry === undefined ? {} : { retry }),
              ...(workspace === undefined ? {} : { workspace }),
              ...(reports === undefined ? {} : { reports }),
              ...(slots === undefined ? {} : { slots }),
            },
          },
        };
      });
  } else {
    const alive = rows.filter(
      ({ job }) => job !== undefined && job.outcome === undefined && !job.cancelAsked,
    );
    if (alive.length > 0)
      return alive.map(({ index }) => ({
        commandId: deriveId(cancel.eventId, 'fan-out', 'cancel', index),
        causationId: cancel.eventId,
        correlationId: phaseRunId,
        actor: cancel.actor,
        ...(cancel.reason === undefined ? {} : { reason: cancel.reason }),
        target: 'job',
        id: jobIdOf(phaseRunId, index),
        command: { kind: 'CancelJob' },
      }));
  }

  const started = rows.filter((row) => row.job !== undefined);
  if (started.some((row) => row.job?.outcome === undefined)) return [];
  const cause = started.at(-1)?.job?.endedBy ?? cancel?.eventId ?? promotedBy;
  return [
    {
      commandId: deriveId(promotedBy, 'fan-out', 'finish'),
      causationId: cause,
      correlationId: phaseRunId,
      target: 'phase_run',
      id: phaseRunId,
      command: {
        kind: 'FinishPhase',
        jobs: started.flatMap(({ index, label, job }) =>
          job?.outcome === undefined
            ? []
            : [{ jobId: jobIdOf(phaseRunId, index), label, outcome: job.outcome }],
        ),
      },
    },
  ];
};

const concerns = (state: FanOutState, { stream, event }: Recorded<BatonEvent>): string | undefined => {
  if (event.type === 'PhasePromoted' || event.type === 'PhaseCancelRequested') return idOf(stream);
  if (event.type === 'JobQueued' || isJobEnd(event.type)) return state.jobs.get(idOf(stream))?.run;
  return undefined;
};

export const fanOut: Process<BatonEvent, DispatchCommand, FanOutState> = {
  name: 'fan-out',
  version: 1,
  init: () => ({ runs: new Map(), jobs: new Map() }),
  evolve,
  react: (state, event) => {
    const phaseRunId = concerns(state, event);
    return phaseRunId === undefined ? [] : owed(state, phaseRunId);
  },
  tick: () => [],
  resume: (state) => [...state.runs.keys()].flatMap((phaseRunId) => owed(state, phaseRunId)),
};
