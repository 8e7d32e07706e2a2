/** What waits and what runs, in the order of dispatch, and why it waits. */
import type { BatonEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { JobQueued } from '../src/events/job.js';
import type { Projection } from '../src/kernel/projection.js';
import type { Position } from '../src/kernel/recorded.js';
import { defaultQueuePolicy } from '../src/domain/queue-policy.js';
import { filterClassOf } from '../src/domain/matching.js';
import { dispatchKey, type Policy } from '../src/domain/schedule.js';
import type { Instant } from '../src/kernel/time.js';
import { retryText, retryWaitOf, type RetryWait } from './retry-wait.js';
import { isJobEnd } from './summary.js';
import { drop, find, idIn, put } from './table.js';

export interface QueueEntry {
  readonly jobId: string;
  readonly phase: string;
  readonly stage: string;
  readonly label: string;
  readonly project: string;
  readonly changeTitle?: string;
  readonly status: 'queued' | 'assigned' | 'running';
  /** When it came. */
  readonly queuedAt: string;
  /** Since when it is in this status: of one that waits, since it was queued, or queued again. */
  readonly since: string;
  readonly priority: number;
  readonly runner?: string;
  /** Since when the runner that has it cannot be reached: whether the job runs is not known. */
  readonly unreachableSince?: string;
  /** Since when its end has been asked for. */
  readonly cancelAskedAt?: string;
  /** In words; present while it waits. */
  readonly waiting?: {
    readonly reason: string;
    readonly detail: string;
    readonly blockers: readonly string[];
    /** Of one that is tried again, but not yet: when it may be. */
    readonly until?: string;
  };
}

export interface QueueView {
  readonly position: string;
  readonly entries: readonly QueueEntry[];
}

interface LiveJob {
  readonly phase: string;
  readonly stage: string;
  readonly label: string;
  readonly project: string;
  readonly changeTitle?: string;
  readonly priority: number;
  readonly filterClass: string;
  readonly enterprise: string;
  readonly queuedAt: string;
  /** Jobs are numbered as they are queued: settles the order of jobs queued in the same millisecond. */
  readonly order: number;
  status: QueueEntry['status'];
  /** Since when it is in this status. */
  since: string;
  runner?: string;
  cancelAskedAt?: string;
  retry?: RetryWait;
}

/** Live jobs by id, and by filter class, or by that and the enterprise, the reason why its jobs wait. */
export interface QueueState {
  jobs: Record<string, LiveJob>;
  reasons: Record<string, NonNullable<QueueEntry['waiting']>>;
  /** Runner → since when it has been unreachable. */
  unreachable: Record<string, string>;
  nextOrder: number;
}

const entered = (data: JobQueued, at: string, order: number): LiveJob => ({
  phase: data.phase,
  stage: data.stage,
  label: data.label,
  project: data.scope.project,
  ...(data.change === undefined ? {} : { changeTitle: data.change.title }),
  priority: data.priority,
  filterClass: data.filterClass,
  enterprise: data.scope.enterprise,
  queuedAt: at,
  order,
  status: 'queued',
  since: at,
});

const ofEnterprise = (filterClass: string, enterprise: string): string => `${filterClass} ${enterprise}`;

/** Folds the streams `job-<id>`, `runner-<name>` and `filter_class-<hash>`; keeps only what is live. */
export const queue: Projection<QueueState, BatonEvent> = {
  name: 'queue',
  version: 3,
  init: () => ({ jobs: {}, reasons: {}, unreachable: {}, nextOrder: 0 }),
  evolve: (view, { stream, event, metadata }) => {
    if (event.type === 'WaitReasonChanged') {
      const ofClass = idIn('filter_class', stream);
      const { filter, enterprise, reason, detail, blockers } = event.data;
      if (ofClass === undefined) return;
      const key = enterprise === undefined ? ofClass : ofEnterprise(filterClassOf(filter), enterprise);
      if (reason === 'nothing_waits') drop(view.reasons, key);
      else put(view.reasons, key, { reason, detail, blockers });
      return;
    }
    if (event.type === 'RunnerProbed') {
      const name = idIn('runner', stream);
      if (name === undefined) return;
      if (event.data.verdict !== 'unreachable') drop(view.unreachable, name);
      else if (find(view.unreachable, name) === undefined) put(view.unreachable, name, metadata.recordedAt);
      return;
    }
    const id = idIn('job', stream);
    if (id === undefined || !isJobEvent(event)) return;
    if (event.type === 'JobQueued') {
      put(view.jobs, id, entered(event.data, metadata.recordedAt, view.nextOrder++));
      return;
    }
    if (isJobEnd(event)) {
      drop(view.jobs, id);
      return;
    }
    const job = find(view.jobs, id);
    if (job === undefined) return;
    if (event.type === 'JobAssigned') {
      Object.assign(job, { status: 'assigned', since: metadata.recordedAt, runner: event.data.runner });
      delete job.retry;
    } else if (event.type === 'JobStarted') {
      Object.assign(job, { status: 'running', since: metadata.recordedAt });
    } else if (event.type === 'JobCancelRequested') {
      job.cancelAskedAt ??= metadata.recordedAt;
    } else if (event.type === 'JobRequeued') {
      Object.assign(job, { status: 'queued', since: metadata.recordedAt });
      delete job.runner;
      const wait = retryWaitOf(event.data, metadata.recordedAt);
      if (wait !== undefined) job.retry = wait;
    }
  },
};

const unrecorded = {
  reason: 'not_recorded',
  detail: 'the scheduler has not recorded a reason yet',
  blockers: [],
};

/** The enterprise's own, where runners are kept for enterprises. */
const reasonFor = (
  { reasons }: QueueState,
  filterClass: string,
  enterprise: string,
): NonNullable<QueueEntry['waiting']> =>
  find(reasons, ofEnterprise(filterClass, enterprise)) ?? find(reasons, filterClass) ?? unrecorded;

const unreachable = (view: QueueState, runner: string | undefined): Pick<QueueEntry, 'unreachableSince'> => {
  const since = runner === undefined ? undefined : find(view.unreachable, runner);
  return since === undefined ? {} : { unreachableSince: since };
};

const byDispatch =
  (policy: Pick<Policy, 'ageingMs'>) =>
  (a: LiveJob, b: LiveJob): number =>
    dispatchKey(Date.parse(a.queuedAt), a.priority, policy) -
      dispatchKey(Date.parse(b.queuedAt), b.priority, policy) || a.order - b.order;

const waitingOf = (
  view: QueueState,
  { filterClass, enterprise, retry }: LiveJob,
  now: Instant | undefined,
): NonNullable<QueueEntry['waiting']> => {
  const detail = retry && retryText(retry, now);
  return retry === undefined || detail === undefined
    ? reasonFor(view, filterClass, enterprise)
    : { reason: 'tried_again_later', detail, blockers: [], until: retry.until };
};

/**
 * Priority with ageing, then age, as the scheduler has it; jobs that are assigned or run keep their place among the others. `now`:
 * how late it is; without it, what is tried again later is told as if its time had not come.
 */
export const toQueueView = (
  view: QueueState,
  position: Position,
  policy: Pick<Policy, 'ageingMs'> = defaultQueuePolicy,
  now?: Instant,
): QueueView => ({
  position,
  entries: Object.entries(view.jobs)
    .sort(([, a], [, b]) => byDispatch(policy)(a, b))
    .map(([jobId, job]) => {
      const { filterClass: _, enterprise: __, order: ___, retry: ____, ...shown } = job;
      return {
        jobId,
        ...shown,
        ...(shown.status === 'queued' ? { waiting: waitingOf(view, job, now) } : {}),
        ...unreachable(view, shown.runner),
      };
    }),
});
