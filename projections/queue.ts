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
  /** In the order of dispatch, from 1, among all that wait or run, whoever asks. */
  readonly place: number;
  readonly phase: string;
  readonly stage: string;
  readonly label: string;
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
  readonly pipeline: string;
  readonly changeId?: string;
  readonly changeTitle?: string;
  readonly status: 'queued' | 'assigned' | 'running';
  /** When it came. */
  readonly queuedAt: string;
  /** Since when it is in this status: of one that waits, since it was queued, or queued again. */
  readonly since: string;
  readonly priority: number;
  /** That it takes on its runner; absent: 1. */
  readonly slots?: number;
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

/** A job that has not ended. */
export interface LiveJob {
  readonly phase: string;
  readonly stage: string;
  readonly label: string;
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
  readonly pipeline: string;
  readonly changeId?: string;
  readonly changeTitle?: string;
  readonly priority: number;
  readonly slots?: number;
  readonly filterClass: string;
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

/** Live jobs by id, and by filter class, with the enterprise and the number of slots where they count, the reason why its jobs wait. */
export interface QueueState {
  jobs: Record<string, LiveJob>;
  reasons: Record<string, NonNullable<QueueEntry['waiting']>>;
  /** Runner → since when it has been unreachable. */
  unreachable: Record<string, string>;
  nextOrder: number;
  /** The jobs that were queued last, oldest first: who knows the rest need not look through all for what is new. */
  arrivals: string[];
  /** How many have left. */
  left: number;
}

const ARRIVALS_KEPT = 256;

const entered = (data: JobQueued, at: string, order: number): LiveJob => ({
  phase: data.phase,
  stage: data.stage,
  label: data.label,
  enterprise: data.scope.enterprise,
  organisation: data.scope.organisation,
  project: data.scope.project,
  pipeline: data.pipeline,
  ...(data.change === undefined ? {} : { changeId: data.change.id, changeTitle: data.change.title }),
  priority: data.priority,
  ...(data.slots === undefined ? {} : { slots: data.slots }),
  filterClass: data.filterClass,
  queuedAt: at,
  order,
  status: 'queued',
  since: at,
});

/** What a reason is of. An enterprise is a name: none begins with a plus sign. */
const reasonKey = (filterClass: string, enterprise: string | undefined, slots = 1): string =>
  [
    filterClass,
    ...(enterprise === undefined ? [] : [enterprise]),
    ...(slots === 1 ? [] : [`+${slots}`]),
  ].join(' ');

/** Folds the streams `job-<id>`, `runner-<name>` and `filter_class-<hash>`; keeps only what is live. */
export const queue: Projection<QueueState, BatonEvent> = {
  name: 'queue',
  version: 5,
  init: () => ({ jobs: {}, reasons: {}, unreachable: {}, nextOrder: 0, arrivals: [], left: 0 }),
  evolve: (view, { stream, event, metadata }) => {
    if (event.type === 'WaitReasonChanged') {
      const ofClass = idIn('filter_class', stream);
      const { filter, enterprise, slots, reason, detail, blockers } = event.data;
      if (ofClass === undefined) return;
      const ofFilter = enterprise === undefined && slots === undefined ? ofClass : filterClassOf(filter);
      const key = reasonKey(ofFilter, enterprise, slots);
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
      view.arrivals.push(id);
      if (view.arrivals.length > ARRIVALS_KEPT) view.arrivals.shift();
      return;
    }
    const job = find(view.jobs, id);
    if (job === undefined) return;
    if (isJobEnd(event)) {
      drop(view.jobs, id);
      view.left++;
      return;
    }
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
  { filterClass, enterprise, slots }: Pick<LiveJob, 'filterClass' | 'enterprise' | 'slots'>,
): NonNullable<QueueEntry['waiting']> =>
  find(reasons, reasonKey(filterClass, enterprise, slots)) ??
  find(reasons, reasonKey(filterClass, undefined, slots)) ??
  unrecorded;

const unreachable = (view: QueueState, runner: string | undefined): Pick<QueueEntry, 'unreachableSince'> => {
  const since = runner === undefined ? undefined : find(view.unreachable, runner);
  return since === undefined ? {} : { unreachableSince: since };
};

/** Nothing that is enrolled can ever match. */
const UNMATCHED: ReadonlySet<string> = new Set(['no_runner', 'none_matches']);

/** Finds out of which waiting jobs it is recorded that nothing enrolled can ever match. */
export const unmatchedIn = (view: QueueState): ((job: LiveJob) => boolean) => {
  // the usual case, and then nothing is looked up for thousands of jobs
  if (!Object.values(view.reasons).some(({ reason }) => UNMATCHED.has(reason))) return () => false;
  return (job) => job.status === 'queued' && UNMATCHED.has(reasonFor(view, job).reason);
};

/** Why it waits, in words; undefined when it does not. `now` as with `toQueueView`. */
export const waitingOf = (
  view: QueueState,
  job: LiveJob,
  now: Instant | undefined,
): QueueEntry['waiting'] => {
  const { status, retry } = job;
  if (status !== 'queued') return undefined;
  const detail = retry && retryText(retry, now);
  return retry === undefined || detail === undefined
    ? reasonFor(view, job)
    : { reason: 'tried_again_later', detail, blockers: [], until: retry.until };
};

/** A job at its place in the order of dispatch, from 1. `key`: what it is ordered by. */
export interface QueueRow {
  readonly jobId: string;
  readonly job: LiveJob;
  readonly key: number;
  readonly place: number;
}

/** Of one moment of a view. */
export interface QueueRows {
  readonly rows: readonly QueueRow[];
  /** As the view had them at that moment. */
  readonly nextOrder: number;
  readonly left: number;
}

/** The ids of what has come since the view had numbered so many; those of all where these are no longer told. */
const arrivedSince = ({ jobs, arrivals, nextOrder }: QueueState, numbered: number): readonly string[] => {
  const count = nextOrder - numbered;
  if (count > arrivals.length) return Object.keys(jobs);
  return count === 0 ? [] : [...new Set(arrivals.slice(-count))];
};

/**
 * Priority with ageing, then age, as the scheduler has it; jobs that are assigned or run keep their place among the others.
 * `before`: what this gave for the same view at an earlier moment. Thousands that stay are then neither looked for nor ordered anew.
 */
export const queueRows = (
  view: QueueState,
  policy: Pick<Policy, 'ageingMs'> = defaultQueuePolicy,
  before: QueueRows = { rows: [], nextOrder: 0, left: 0 },
): QueueRows => {
  const { nextOrder, left } = view;
  if (nextOrder === before.nextOrder && left === before.left) return before;
  const staying = before.rows.filter(({ jobId, job }) => find(view.jobs, jobId) === job);
  const coming = arrivedSince(view, before.nextOrder).flatMap((jobId) => {
    const job = find(view.jobs, jobId);
    if (job === undefined || job.order < before.nextOrder) return [];
    return { jobId, job, place: 0, key: dispatchKey(Date.parse(job.queuedAt), job.priority, policy) };
  });
  const rows = [...staying, ...coming]
    // what is in order already is not sorted again
    .sort((a, b) => a.key - b.key || a.job.order - b.job.order)
    .map(({ jobId, job, key }, i) => ({ jobId, job, key, place: i + 1 }));
  return { rows, nextOrder, left };
};

/** What people see of it. `now` as with `toQueueView`. */
export const entryOf = (
  view: QueueState,
  { jobId, job, place }: Pick<QueueRow, 'jobId' | 'job' | 'place'>,
  now: Instant | undefined,
): QueueEntry => {
  const { filterClass: _, order: __, retry: ___, ...shown } = job;
  const waiting = waitingOf(view, job, now);
  return {
    ...{ jobId, place, ...shown },
    ...(waiting === undefined ? {} : { waiting }),
    ...unreachable(view, shown.runner),
  };
};

/**
 * All of it, in the order of dispatch. `now`: how late it is; without it, what is tried again later is told as if its time had not
 * come.
 */
export const toQueueView = (
  view: QueueState,
  position: Position,
  policy: Pick<Policy, 'ageingMs'> = defaultQueuePolicy,
  now?: Instant,
): QueueView => ({
  position,
  entries: queueRows(view, policy).rows.map((row) => entryOf(view, row, now)),
});
