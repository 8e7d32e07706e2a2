/** Process: queued jobs and freed slots → assignments, and the reasons of those that wait. */
import { schedule, type Policy, type Waiting } from '../domain/schedule.js';
import { evolveFailures, noFailures, struckBy, type Failures } from '../domain/failures.js';
import { isJobEvent, isRunnerEvent, type BatonEvent } from '../events/catalog.js';
import type { WaitReasonChanged } from '../events/ownership.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import type { Recorded } from '../kernel/recorded.js';
import { idOf, type DispatchCommand } from './commands.js';
import { survivorsOf } from './cancellation.js';
import { evolveFleet, slotsOf, type Fleet } from './fleet.js';

interface Job extends Waiting {
  readonly phaseRunId: string;
  /** Attempts so far. */
  attempt: number;
  status: 'queued' | 'held';
  /** The event that made it queued: the cause of its next assignment. */
  queuedBy: string;
  place: { readonly runner: string; readonly slot: number } | undefined;
}

export interface SchedulerState {
  readonly jobs: Map<string, Job>;
  readonly runners: Fleet;
  readonly failures: Failures;
  /** Last recorded reason per filter class, and the id of its event. */
  readonly reasons: Map<string, { readonly data: WaitReasonChanged; readonly eventId: string }>;
  arrivals: number;
}

export interface SchedulerOptions {
  /** Epoch of the dispatcher that this scheduler assigns to; goes into each assignment as its fence. */
  readonly fence: number;
  readonly policy: Policy;
}

const release = (state: SchedulerState, jobId: string, job: Job): void => {
  const runner = job.place && state.runners.get(job.place.runner);
  if (runner && job.place && runner.busy.get(job.place.slot) === jobId) runner.busy.delete(job.place.slot);
  job.place = undefined;
};

const evolve = (state: SchedulerState, recorded: Recorded<BatonEvent>): SchedulerState => {
  const { stream, event, id, metadata } = recorded;
  evolveFailures(state.failures, recorded);
  const streamId = idOf(stream);
  if (event.type === 'WaitReasonChanged') {
    state.reasons.set(streamId, { data: event.data, eventId: id });
    return state;
  }
  if (isRunnerEvent(event)) {
    evolveFleet(state.runners, streamId, event);
    return state;
  }
  if (!isJobEvent(event)) return state;
  if (event.type === 'JobQueued') {
    const { phaseRunId, filter, filterClass, priority, whenUnmatchable } = event.data;
    state.jobs.set(streamId, {
      jobId: streamId,
      phaseRunId,
      filter,
      filterClass,
      priority,
      whenUnmatchable,
      queuedAtMs: Date.parse(metadata.recordedAt),
      order: state.arrivals++,
      attempt: 0,
      status: 'queued',
      queuedBy: id,
      place: undefined,
    });
    return state;
  }
  const job = state.jobs.get(streamId);
  if (!job) return state;
  switch (event.type) {
    case 'JobAssigned': {
      const { runner, slot, attempt } = event.data;
      job.status = 'held';
      job.attempt = attempt;
      job.place = { runner, slot };
      state.runners.get(runner)?.busy.set(slot, streamId);
      return state;
    }
    case 'JobRequeued':
      release(state, streamId, job);
      job.status = 'queued';
      job.queuedBy = id;
      return state;
    case 'JobStarted':
    case 'JobCancelRequested':
    case 'JobOutputSealed':
      return state;
    default:
      // the quarantine follows as an event of the runner; until then the slot must not be given away
      if (job.place && survivorsOf(event) > 0)
        state.runners.get(job.place.runner)?.badSlots.add(job.place.slot);
      release(state, streamId, job);
      state.jobs.delete(streamId);
      return state;
  }
};

const sameReason = (a: WaitReasonChanged | undefined, b: WaitReasonChanged): boolean =>
  a?.reason === b.reason &&
  a.detail === b.detail &&
  JSON.stringify(a.blockers) === JSON.stringify(b.blockers);

const owed = (state: SchedulerState, { fence, policy }: SchedulerOptions): readonly DispatchCommand[] => {
  const queue = [...state.jobs.values()].filter((job) => job.status === 'queued');
  const { assignments, reasons, hopeless } = schedule(
    queue,
    [...state.runners.values()].map((one) => slotsOf(one, struckBy(state.failures, one.name)?.detail)),
    policy,
  );

  const assign = assignments.flatMap(({ jobId, runner, slot, rule }): readonly DispatchCommand[] => {
    const job = state.jobs.get(jobId);
    const probe = state.runners.get(runner)?.probe;
    if (!job || !probe) return [];
    const { queuedBy, filterClass, phaseRunId } = job;
    const attempt = job.attempt + 1;
    const { baseId, bootId } = probe;
    return [
      {
        commandId: deriveId(queuedBy, 'scheduler', 'assign', attempt),
        causationId: queuedBy,
        correlationId: phaseRunId,
        target: 'job',
        id: jobId,
        command: {
          kind: 'AssignJob',
          data: { attempt, runner, slot, fence, baseId, bootId, filterClass, rule },
        },
      },
    ];
  });
  const refuse = hopeless.flatMap(({ jobId, detail }): readonly DispatchCommand[] => {
    const job = state.jobs.get(jobId);
    if (!job) return [];
    return [
      {
        commandId: deriveId(job.queuedBy, 'scheduler', 'refuse'),
        causationId: job.queuedBy,
        correlationId: job.phaseRunId,
        target: 'job',
        id: jobId,
        command: { kind: 'RefuseJob', why: 'no_runner_matches', detail },
      },
    ];
  });

  const current = new Map(reasons);
  for (const [cls, { data }] of state.reasons)
    if (!current.has(cls) && data.reason !== 'nothing_waits')
      current.set(cls, { filter: data.filter, reason: 'nothing_waits', detail: '', blockers: [] });
  const explain = [...current].flatMap(([cls, data]): readonly DispatchCommand[] => {
    const recorded = state.reasons.get(cls);
    if (sameReason(recorded?.data, data)) return [];
    const after = recorded?.eventId ?? cls;
    return [
      {
        commandId: deriveId(after, 'scheduler', 'reason', data.reason, data.detail, ...data.blockers),
        causationId: after,
        correlationId: cls,
        target: 'filter_class',
        id: cls,
        command: { kind: 'RecordWaitReason', data },
      },
    ];
  });
  return [...assign, ...refuse, ...explain];
};

/** Events that can change who runs where. */
const matters = (event: BatonEvent): boolean =>
  event.type !== 'JobStarted' &&
  event.type !== 'JobOutputSealed' &&
  event.type !== 'JobCancelRequested' &&
  (isJobEvent(event) || isRunnerEvent(event));

export const scheduler = (
  options: SchedulerOptions,
): Process<BatonEvent, DispatchCommand, SchedulerState> => ({
  name: 'scheduler',
  init: () => ({
    jobs: new Map(),
    runners: new Map(),
    failures: noFailures(),
    reasons: new Map(),
    arrivals: 0,
  }),
  evolve,
  react: (state, { event }) => (matters(event) ? owed(state, options) : []),
  tick: () => [],
  resume: (state) => owed(state, options),
});
