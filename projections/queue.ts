/** What waits and what runs, in the order of dispatch, and why it waits. */
import type { BatonEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { JobQueued } from '../src/events/job.js';
import type { Projection } from '../src/kernel/projection.js';
import type { Position } from '../src/kernel/recorded.js';
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
  readonly since: string;
  readonly priority: number;
  readonly runner?: string;
  /** In words; present while it waits. */
  readonly waiting?: {
    readonly reason: string;
    readonly detail: string;
    readonly blockers: readonly string[];
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
  readonly queuedAt: string;
  /** Jobs are numbered as they are queued: settles the order of jobs queued in the same millisecond. */
  readonly order: number;
  status: QueueEntry['status'];
  /** Since when it is in this status. */
  since: string;
  runner?: string;
}

/** Live jobs by id, and by filter class the reason why its jobs wait. */
export interface QueueState {
  jobs: Record<string, LiveJob>;
  reasons: Record<string, NonNullable<QueueEntry['waiting']>>;
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
  queuedAt: at,
  order,
  status: 'queued',
  since: at,
});

/** Folds the streams `job-<id>` and `filter_class-<hash>`; keeps only what is live. */
export const queue: Projection<QueueState, BatonEvent> = {
  name: 'queue',
  version: 1,
  init: () => ({ jobs: {}, reasons: {}, nextOrder: 0 }),
  evolve: (view, { stream, event, metadata }) => {
    if (event.type === 'WaitReasonChanged') {
      const filterClass = idIn('filter_class', stream);
      const { reason, detail, blockers } = event.data;
      if (filterClass === undefined) return;
      if (reason === 'nothing_waits') drop(view.reasons, filterClass);
      else put(view.reasons, filterClass, { reason, detail, blockers });
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
    } else if (event.type === 'JobStarted') {
      Object.assign(job, { status: 'running', since: metadata.recordedAt });
    } else if (event.type === 'JobRequeued') {
      Object.assign(job, { status: 'queued', since: metadata.recordedAt });
      delete job.runner;
    }
  },
};

const unrecorded = {
  reason: 'not_recorded',
  detail: 'the scheduler has not recorded a reason yet',
  blockers: [],
};

const byDispatch = (a: LiveJob, b: LiveJob): number =>
  b.priority - a.priority || (a.queuedAt < b.queuedAt ? -1 : a.queuedAt > b.queuedAt ? 1 : a.order - b.order);

/** Highest priority first, then the oldest; jobs that are assigned or run keep their place among the others. */
export const toQueueView = (view: QueueState, position: Position): QueueView => ({
  position,
  entries: Object.entries(view.jobs)
    .sort(([, a], [, b]) => byDispatch(a, b))
    .map(([jobId, { filterClass, queuedAt: _, order: __, ...shown }]) => ({
      jobId,
      ...shown,
      ...(shown.status === 'queued' ? { waiting: find(view.reasons, filterClass) ?? unrecorded } : {}),
    })),
});
