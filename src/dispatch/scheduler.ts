/** Process: queued jobs and freed slots → assignments, the reasons of those that wait, and the end of those that wait too long. */
import type { Compatibility } from '../domain/compatibility.js';
import { DispatchIndex, type FilterClass, type QueuedJob } from '../domain/dispatch-index.js';
import { evolveFailures, noFailures, struckBy, type Failures } from '../domain/failures.js';
import { Line } from '../domain/line.js';
import { decide, dispatchKey, hopeless, type Assignment, type Policy } from '../domain/schedule.js';
import { reasonOf } from '../domain/why-waiting.js';
import { isJobEvent, isRunnerEvent, type BatonEvent, type JobEvent } from '../events/catalog.js';
import type { JobAssigned, JobQueued, JobRequeued } from '../events/job.js';
import type { WaitReasonChanged } from '../events/ownership.js';
import { deriveId } from '../kernel/ids.js';
import type { Kept, Process } from '../kernel/process.js';
import type { Recorded } from '../kernel/recorded.js';
import { survivorsOf } from './cancellation.js';
import { idOf, type DispatchCommand } from './commands.js';
import { baseIdOf, evolveFleet, slotsOf, type Fleet } from './fleet.js';

/** Itself what stands in the lines of the index, so that a queued job is one object. */
interface Job extends QueuedJob {
  cls: FilterClass;
  /** Of its filter alone, as it was queued with. */
  readonly filterClass: string;
  readonly enterprise: string;
  /** That it takes. */
  readonly slots: number;
  readonly phaseRunId: string;
  readonly queueMs: number | undefined;
  /** Attempts so far. */
  attempt: number;
  avoid: readonly string[];
  shuns: boolean;
  /** The event that made it queued: the cause of its next assignment. */
  queuedBy: string;
  /** From when on it waits for a runner: when it was queued, or is to be tried again. */
  waitsSinceMs: number;
  /** It waits for a runner. */
  queued: boolean;
  /** It waits for its time to be tried again: for no runner yet, or while it shuns some, for another. */
  delayed: boolean;
  /** Where it is, and all slots that it holds there. */
  place: { readonly runner: string; readonly slots: readonly number[] } | undefined;
}

export interface SchedulerState {
  readonly jobs: Map<string, Job>;
  readonly index: DispatchIndex;
  readonly runners: Fleet;
  readonly failures: Failures;
  /** Waiting jobs with a limit of their own, the first to run out first. */
  readonly deadlines: Line<Job>;
  /** Jobs that are tried again, not yet; the first to be due first. Only a tick, which brings the time, gives them to any runner. */
  readonly delayed: Line<Job>;
  /** Last recorded reason per filter class, and the id of its event. */
  readonly reasons: Map<string, { readonly data: WaitReasonChanged; readonly eventId: string }>;
  arrivals: number;
}

export interface SchedulerOptions {
  /** Epoch of the dispatcher that this scheduler assigns to; goes into each assignment as its fence. */
  readonly fence: number;
  readonly policy: Policy;
  /** A runner that breaks one of these rules gets no job; absent: no rules. */
  readonly compatibility?: Compatibility;
}

const deadlineOf = ({ waitsSinceMs, queueMs = 0 }: Job): number => waitsSinceMs + queueMs;

const init = (): SchedulerState => ({
  jobs: new Map(),
  index: new DispatchIndex(),
  runners: new Map(),
  failures: noFailures(),
  deadlines: new Line((a, b) => deadlineOf(a) - deadlineOf(b) || a.order - b.order),
  delayed: new Line((a, b) => a.waitsSinceMs - b.waitsSinceMs || a.order - b.order),
  reasons: new Map(),
  arrivals: 0,
});

const enqueue = ({ index, deadlines }: SchedulerState, job: Job): void => {
  job.queued = true;
  index.enqueue(job);
  if (job.queueMs !== undefined) deadlines.insert(job);
};

const dequeue = ({ index, deadlines, delayed }: SchedulerState, job: Job): void => {
  if (job.delayed) delayed.remove(job);
  job.delayed = false;
  if (job.queued) {
    index.dequeue(job);
    if (job.queueMs !== undefined) deadlines.remove(job);
  }
  job.queued = false;
  job.shuns = false;
};

/** Jobs whose time to be tried again has come wait for runners from now on; false when there was none. */
const releaseDue = (state: SchedulerState, nowMs: number): boolean => {
  let isAny = false;
  for (let job = state.delayed.at(0); job !== undefined; job = state.delayed.at(0)) {
    if (job.waitsSinceMs > nowMs) break;
    dequeue(state, job);
    enqueue(state, job);
    isAny = true;
  }
  return isAny;
};

/** Tells the index what the runner is now: also which slots are shut, and whether it failed too much, depends on its jobs. */
const renew = (
  state: SchedulerState,
  name: string,
  atMs: number,
  { compatibility }: SchedulerOptions,
): void => {
  const runner = state.runners.get(name);
  const slots = runner && slotsOf(runner, struckBy(state.failures, name)?.detail, compatibility);
  if (state.index.setRunner(name, slots, atMs)) regroup(state, atMs);
};

/** An enterprise is named by a runner for the first time, or by none any more: its jobs stand in other lines from now on. */
const regroup = (state: SchedulerState, atMs: number): void => {
  const { index } = state;
  for (const job of state.jobs.values()) {
    const { cls, queued, filterClass, enterprise, slots } = job;
    if (!index.isAstray(cls, enterprise)) continue;
    // only its line is another: what it waits for, and until when, stays
    if (queued) index.dequeue(job);
    index.leave(cls);
    job.cls = index.join(filterClass, cls.filter, { enterprise, slots }, atMs);
    if (queued) index.enqueue(job);
  }
};

const release = (state: SchedulerState, job: Job, atMs: number, options: SchedulerOptions): void => {
  const { place, jobId } = job;
  const runner = place && state.runners.get(place.runner);
  job.place = undefined;
  if (!runner) return;
  for (const slot of place.slots) if (runner.busy.get(slot) === jobId) runner.busy.delete(slot);
  renew(state, runner.name, atMs, options);
};

const queued = (
  state: SchedulerState,
  { phaseRunId, filter, filterClass, scope, priority, slots: wanted = 1, whenUnmatchable, limits }: JobQueued,
  { stream, id, metadata }: Recorded<BatonEvent>,
  policy: Policy,
): void => {
  const jobId = idOf(stream);
  const waitsSinceMs = Date.parse(metadata.recordedAt);
  const { enterprise } = scope;
  const slots = Math.max(1, wanted);
  const job: Job = {
    jobId,
    cls: state.index.join(filterClass, filter, { enterprise, slots }, waitsSinceMs),
    filterClass,
    enterprise,
    slots,
    key: dispatchKey(waitsSinceMs, priority, policy),
    order: state.arrivals++,
    whenUnmatchable,
    avoid: [],
    shuns: false,
    phaseRunId,
    queueMs: limits.queueMs,
    attempt: 0,
    queuedBy: id,
    waitsSinceMs,
    queued: false,
    delayed: false,
    place: undefined,
  };
  state.jobs.set(jobId, job);
  enqueue(state, job);
};

/** Whether the machine may be to blame, so that another is better: it failed the attempt, or lost it. */
const isRunnersFault = ({ cause, why }: JobRequeued): boolean =>
  cause === 'infrastructure' || (cause === 'policy' && why === 'lost');

/** The quarantine follows as an event of the runner; until then slots in which something survived must not be given away. */
const closeSoiled = ({ runners }: SchedulerState, { place }: Job, event: JobEvent): void => {
  if (place && survivorsOf(event).length > 0)
    for (const slot of place.slots) runners.get(place.runner)?.badSlots.add(slot);
};

/** Marks each of its slots as held by it. */
const hold = ({ runners }: SchedulerState, { jobId, place }: Job): void => {
  for (const slot of place?.slots ?? []) runners.get(place?.runner ?? '')?.busy.set(slot, jobId);
};

const evolveJob = (
  state: SchedulerState,
  job: Job,
  event: JobEvent,
  { id, metadata }: Recorded<BatonEvent>,
  options: SchedulerOptions,
): void => {
  const atMs = Date.parse(metadata.recordedAt);
  switch (event.type) {
    case 'JobAssigned': {
      const { runner, slot, alsoSlots = [], attempt } = event.data;
      dequeue(state, job);
      job.attempt = attempt;
      job.place = { runner, slots: [slot, ...alsoSlots] };
      hold(state, job);
      renew(state, runner, atMs, options);
      return;
    }
    case 'JobRequeued': {
      const { delayMs = 0 } = event.data;
      dequeue(state, job);
      // what failed there once would rather be tried elsewhere
      const failedOn = isRunnersFault(event.data) ? job.place?.runner : undefined;
      if (failedOn !== undefined) job.avoid = [...job.avoid.filter((name) => name !== failedOn), failedOn];
      closeSoiled(state, job, event);
      release(state, job, atMs, options);
      job.queuedBy = id;
      job.waitsSinceMs = atMs + delayMs;
      if (delayMs > 0) {
        job.delayed = true;
        state.delayed.insert(job);
      }
      // what failed it is to recover meanwhile; another runner has no reason to wait
      job.shuns = delayMs > 0 && event.data.cause === 'infrastructure' && job.avoid.length > 0;
      if (delayMs === 0 || job.shuns) enqueue(state, job);
      return;
    }
    case 'JobQueued':
    case 'JobStarted':
    case 'JobCancelRequested':
    case 'JobOutputSealed':
    case 'JobCollectionPaused':
    case 'JobCollectionResumed':
    case 'JobRemainsEnded':
    case 'JobReported':
    case 'JobReportRefused':
      return;
    default:
      closeSoiled(state, job, event);
      dequeue(state, job);
      release(state, job, atMs, options);
      state.jobs.delete(job.jobId);
      state.index.leave(job.cls);
  }
};

const evolve = (
  state: SchedulerState,
  recorded: Recorded<BatonEvent>,
  options: SchedulerOptions,
): SchedulerState => {
  const { stream, event, id, metadata } = recorded;
  evolveFailures(state.failures, recorded);
  if (event.type === 'WaitReasonChanged') {
    state.reasons.set(idOf(stream), { data: event.data, eventId: id });
  } else if (isRunnerEvent(event)) {
    const name = idOf(stream);
    evolveFleet(state.runners, name, event);
    // a job of a runner that had the name before may live on in the same account
    if (event.type === 'RunnerEnrolled')
      for (const job of state.jobs.values()) if (job.place?.runner === name) hold(state, job);
    renew(state, name, Date.parse(metadata.recordedAt), options);
  } else if (event.type === 'JobQueued') queued(state, event.data, recorded, options.policy);
  else if (isJobEvent(event)) {
    const job = state.jobs.get(idOf(stream));
    if (job) evolveJob(state, job, event, recorded, options);
  }
  return state;
};

const assign = (
  state: SchedulerState,
  { job: { jobId }, runner, slot, alsoSlots, rule }: Assignment,
  fence: number,
): readonly DispatchCommand[] => {
  const job = state.jobs.get(jobId);
  const place = state.runners.get(runner);
  const baseId = place && baseIdOf(place, slot);
  if (!job || !place?.probe || baseId === undefined) return [];
  const { queuedBy, filterClass, phaseRunId } = job;
  const attempt = job.attempt + 1;
  const { bootId } = place.probe;
  const data: JobAssigned = { attempt, runner, slot, fence, baseId, bootId, filterClass, rule };
  return [
    {
      commandId: deriveId(queuedBy, 'scheduler', 'assign', attempt),
      causationId: queuedBy,
      correlationId: phaseRunId,
      target: 'job',
      id: jobId,
      command: {
        kind: 'AssignJob',
        data: alsoSlots === undefined ? data : { ...data, alsoSlots },
      },
    },
  ];
};

/** Ends a job that waits: its policy or its limit says that it waits no longer. */
const end = (
  { jobId, queuedBy, phaseRunId }: Job,
  kind: 'RefuseJob' | 'ExpireJob',
  why: 'no_runner_matches' | 'queue_wait',
  detail: string,
): DispatchCommand => ({
  commandId: deriveId(queuedBy, 'scheduler', kind === 'RefuseJob' ? 'refuse' : 'expire'),
  causationId: queuedBy,
  correlationId: phaseRunId,
  target: 'job',
  id: jobId,
  command: { kind, why, detail },
});

const refuse = (state: SchedulerState): readonly DispatchCommand[] =>
  hopeless(state.index).flatMap((waiting) => {
    const job = state.jobs.get(waiting.jobId);
    const { detail } = reasonOf(state.index, waiting.cls);
    return job ? [end(job, 'RefuseJob', 'no_runner_matches', detail)] : [];
  });

const sameReason = (a: WaitReasonChanged | undefined, b: WaitReasonChanged): boolean =>
  a === undefined
    ? b.reason === 'nothing_waits'
    : a.reason === b.reason &&
      a.detail === b.detail &&
      JSON.stringify(a.blockers) === JSON.stringify(b.blockers);

/**
 * The reasons that have changed. Looks only at classes in which something changed since it looked last, and remembers that it
 * has looked: a memo, not a decision, since an empty one only means looking at all of them again, as after a restart.
 */
const explain = ({ index, reasons }: SchedulerState): readonly DispatchCommand[] => {
  const commands = [...index.unsettled].flatMap((cls): readonly DispatchCommand[] => {
    const data = reasonOf(index, cls);
    const recorded = reasons.get(cls.id);
    if (sameReason(recorded?.data, data)) return [];
    const after = recorded?.eventId ?? cls.id;
    return [
      {
        commandId: deriveId(after, 'scheduler', 'reason', data.reason, data.detail, ...data.blockers),
        causationId: after,
        correlationId: cls.id,
        target: 'filter_class',
        id: cls.id,
        command: { kind: 'RecordWaitReason', data },
      },
    ];
  });
  index.unsettled.clear();
  return commands;
};

/** Reasons are told once nothing is left to decide; the events of what is decided bring us back. */
const owed = (state: SchedulerState, { fence }: SchedulerOptions): readonly DispatchCommand[] => {
  const decided = [
    ...decide(state.index).flatMap((assignment) => assign(state, assignment, fence)),
    ...refuse(state),
  ];
  return decided.length > 0 ? decided : explain(state);
};

interface Saved {
  /** The keys of jobs are worked out with it. */
  readonly policy: string;
  readonly classes: readonly Pick<
    FilterClass,
    'id' | 'filter' | 'enterprise' | 'slots' | 'unmatchedSinceMs'
  >[];
  readonly jobs: ReadonlyMap<string, Omit<Job, 'cls'> & { readonly cls: string }>;
  readonly runners: Fleet;
  readonly failures: Failures;
  readonly reasons: SchedulerState['reasons'];
  readonly arrivals: number;
}

/** All but the index, which is made again from the rest. */
const kept = (options: SchedulerOptions): Kept<SchedulerState> => ({
  save: ({ jobs, index, deadlines: _, delayed: __, ...rest }): Saved => ({
    ...rest,
    policy: JSON.stringify(options.policy),
    classes: index.known.map(({ id, filter, enterprise, slots, unmatchedSinceMs }) => ({
      ...{ id, filter, enterprise, slots, unmatchedSinceMs },
    })),
    jobs: new Map([...jobs].map(([jobId, job]) => [jobId, { ...job, cls: job.cls.id }])),
  }),
  restore: (saved) => {
    const { policy: of, classes, jobs, ...rest } = saved as Saved;
    if (of !== JSON.stringify(options.policy)) return undefined;
    const state: SchedulerState = { ...init(), ...rest };
    for (const cls of classes) state.index.recall(cls);
    for (const name of state.runners.keys()) renew(state, name, 0, options);
    const filters = new Map(classes.map(({ id, filter }) => [id, filter]));
    for (const [jobId, job] of jobs) {
      const cls = state.index.join(job.filterClass, filters.get(job.cls) ?? [], job, 0);
      const restored: Job = { ...job, cls };
      state.jobs.set(jobId, restored);
      if (job.queued) enqueue(state, restored);
      if (job.delayed) state.delayed.insert(restored);
    }
    return state;
  },
});

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

const expired = (
  state: SchedulerState,
  nowMs: number,
  { unmatchedMs }: Policy,
): readonly DispatchCommand[] => {
  const ended: DispatchCommand[] = [];
  for (const job of state.deadlines) {
    if (deadlineOf(job) >= nowMs) break;
    const unmatched = job.cls.pools.size === 0;
    const also = unmatched ? '; no enrolled runner can ever match' : '';
    const why = unmatched && job.whenUnmatchable === 'expire' ? 'no_runner_matches' : 'queue_wait';
    const limit = seconds(job.queueMs ?? 0);
    ended.push(
      end(job, 'ExpireJob', why, `It waited longer than its limit of ${limit} for a runner${also}.`),
    );
  }
  for (const cls of state.index.unmatched) {
    if (cls.impatient === 0) continue;
    for (const { jobId, whenUnmatchable } of [...cls.line, ...cls.retries]) {
      const job = whenUnmatchable === 'expire' ? state.jobs.get(jobId) : undefined;
      if (job === undefined || job.queueMs !== undefined) continue;
      if (nowMs - Math.max(job.waitsSinceMs, cls.unmatchedSinceMs) <= unmatchedMs) continue;
      const detail = `For ${seconds(unmatchedMs)} ${reasonOf(state.index, cls).detail}.`;
      ended.push(end(job, 'ExpireJob', 'no_runner_matches', detail));
    }
  }
  return ended;
};

/** Events that can change who runs where. */
const matters = (event: BatonEvent): boolean =>
  !CHANGES_NO_PLACE.has(event.type) && (isJobEvent(event) || isRunnerEvent(event));

const CHANGES_NO_PLACE: ReadonlySet<string> = new Set([
  ...['JobStarted', 'JobOutputSealed', 'JobCancelRequested', 'JobCollectionPaused', 'JobCollectionResumed'],
  ...['JobRemainsEnded', 'JobReported', 'JobReportRefused'],
]);

export const scheduler = (
  options: SchedulerOptions,
): Process<BatonEvent, DispatchCommand, SchedulerState> => ({
  name: 'scheduler',
  version: 4,
  kept: kept(options),
  init,
  evolve: (state, recorded) => evolve(state, recorded, options),
  react: (state, { event }) => (matters(event) ? owed(state, options) : []),
  tick: (state, at) => {
    const nowMs = Date.parse(at);
    const due = releaseDue(state, nowMs) ? owed(state, options) : [];
    return [...due, ...expired(state, nowMs, options.policy)];
  },
  resume: (state) => owed(state, options),
});
