/** Every job as it is now: what `job show` and `job list` tell. */
import type { BatonEvent, JobEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { JobQueued, JobReported, JobReportRefused } from '../src/events/job.js';
import { keepMsOf } from '../src/domain/phase-ways.js';
import type {
  Attributes,
  EndEvidence,
  Filter,
  Outcome,
  SealedOutput,
  Workspace,
} from '../src/events/shapes.js';
import { plusMillis } from '../src/kernel/time.js';
import type { Projection } from '../src/kernel/projection.js';
import type { Metadata, Position, Recorded } from '../src/kernel/recorded.js';
import { retryWaitOf } from './retry-wait.js';
import type { JobEndEvent } from './summary.js';
import { attemptOf, evidenceOf, exitCodeOf, isJobEnd, outcomeOf, summaryOf } from './summary.js';
import { find, idIn, put } from './table.js';

export interface AttemptView {
  readonly attempt: number;
  runner?: string;
  slot?: number;
  /** The further slots that it held; absent: none. */
  alsoSlots?: readonly number[];
  rule?: string;
  /** Since when the job waited for it: when it was queued, or queued again. */
  queuedAt?: string;
  assignedAt?: string;
  startedAt?: string;
  endedAt?: string;
  pid?: number;
  exitCode?: number;
  why?: string;
  outputs?: readonly SealedOutput[];
  /** What the job itself told of its end, and when. */
  reported?: { readonly at: string } & Omit<JobReported, 'attempt'>;
  /** The folder that it worked in, below Baton's on the runner, and until when it stays there at most. `path`: where that is, as far as is known. */
  kept?: { readonly folder: string; readonly until: string; readonly path?: string };
}

/** `status` is a live state, or one of the seven outcomes. `cancelling` and a runner that is `unreachable` show beside it. */
export interface JobView {
  readonly id: string;
  readonly phaseRunId: string;
  readonly label: string;
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly phase: string;
  readonly changeId?: string;
  readonly changeTitle?: string;
  /** It takes part as a consumer in the Union of this other change. */
  readonly unionOf?: string;
  readonly filter: Filter;
  readonly filterClass: string;
  readonly priority: number;
  /** That it takes on its runner; absent: 1. */
  readonly slots?: number;
  /** `cancelGraceMs`: a cancel ends what is left of it so long after it was told to end; `attempts`: tries in all where it is tried again by itself. */
  readonly limits: { readonly cancelGraceMs: number; readonly attempts?: number };
  /** Its outputs are kept apart, as `stdout` and `stderr`; absent: it has one log. */
  readonly output?: 'split';
  /** What becomes of the folder in which it works; absent: it goes. */
  readonly workspace?: Workspace;
  /** It may tell of itself, and then has an output `report`. */
  readonly reports?: true;
  /** When it came, however often it was tried. */
  readonly queuedAt: string;
  /** While it waits: since when, that is when it was queued, or queued again. */
  waitsSince?: string;
  /** While it waits to be tried again: not before. */
  retryAt?: string;
  /** When its first attempt started. */
  startedAt?: string;
  status: 'queued' | 'assigned' | 'running' | Outcome;
  cancelRequested?: { readonly at: string; readonly by: string; readonly reason?: string };
  /** Why nothing of its output is stored for now, and since when. */
  collectionPaused?: { readonly at: string; readonly why: string; readonly detail: string };
  attempts: AttemptView[];
  endedAt?: string;
  /** One sentence that says how it ended. */
  summary?: string;
  evidence?: EndEvidence;
  /** What was said of an attempt after it was over, and changed nothing. */
  refusedReports?: ({ readonly at: string } & JobReportRefused)[];
  /** Revision of the job's stream, for ETag. */
  revision: number;
  /** Of its last event: who has seen everything up to there has seen this. */
  position: Position;
}

export type { Attributes };

/** Job id → job. */
export type JobsView = Record<string, JobView>;

const queued = (id: string, data: JobQueued, recorded: Recorded): JobView => ({
  id,
  phaseRunId: data.phaseRunId,
  label: data.label,
  ...data.scope,
  pipeline: data.pipeline,
  stage: data.stage,
  phase: data.phase,
  ...(data.change === undefined ? {} : { changeId: data.change.id, changeTitle: data.change.title }),
  ...(data.change?.unionOf === undefined ? {} : { unionOf: data.change.unionOf }),
  filter: data.filter,
  filterClass: data.filterClass,
  priority: data.priority,
  ...(data.slots === undefined ? {} : { slots: data.slots }),
  limits: {
    cancelGraceMs: data.limits.cancelGraceMs,
    ...(data.retry === undefined ? {} : { attempts: data.retry.attempts }),
  },
  ...(data.output === 'split' ? { output: data.output } : {}),
  ...(data.workspace === undefined ? {} : { workspace: data.workspace }),
  ...(data.reports === undefined ? {} : { reports: data.reports }),
  queuedAt: recorded.metadata.recordedAt,
  waitsSince: recorded.metadata.recordedAt,
  status: 'queued',
  attempts: [],
  revision: recorded.revision,
  position: recorded.position,
});

const attemptIn = (job: JobView, attempt: number): AttemptView => {
  const known = job.attempts.find((candidate) => candidate.attempt === attempt);
  if (known !== undefined) return known;
  const added: AttemptView = { attempt };
  job.attempts.push(added);
  return added;
};

/** What never began has left nothing. */
const keep = ({ id, workspace = {} }: JobView, attempt: AttemptView, at: string, ok: boolean): void => {
  const { keep: when = 'never' } = workspace;
  if (attempt.startedAt === undefined || when === 'never' || (when === 'on_failure' && ok)) return;
  attempt.kept = { folder: `${id}.${attempt.attempt}.ws`, until: plusMillis(at, keepMsOf(workspace)) };
};

const isEnded = (job: JobView): boolean =>
  job.status !== 'queued' && job.status !== 'assigned' && job.status !== 'running';

const end = (job: JobView, event: JobEndEvent, { recordedAt, actor }: Metadata): void => {
  const asker = job.cancelRequested?.by ?? (actor === 'baton' ? undefined : actor);
  job.status = outcomeOf(event);
  job.endedAt = recordedAt;
  job.summary = summaryOf(event, asker);
  delete job.collectionPaused;
  delete job.waitsSince;
  delete job.retryAt;
  const evidence = evidenceOf(event);
  if (evidence !== undefined) job.evidence = evidence;
  const last = job.attempts.at(-1);
  const underWay = last !== undefined && last.endedAt === undefined ? last.attempt : undefined;
  const number = attemptOf(event) ?? underWay;
  if (number === undefined) return;
  const attempt = attemptIn(job, number);
  const exitCode = exitCodeOf(event);
  attempt.endedAt = recordedAt;
  if (exitCode !== undefined) attempt.exitCode = exitCode;
  if ('why' in event.data) attempt.why = event.data.why;
  keep(job, attempt, recordedAt, event.type === 'JobSucceeded');
};

const change = (job: JobView, event: JobEvent, metadata: Metadata): void => {
  const at = metadata.recordedAt;
  switch (event.type) {
    case 'JobAssigned': {
      const { attempt, runner, slot, alsoSlots, rule } = event.data;
      job.status = 'assigned';
      const queuedAt = job.waitsSince;
      Object.assign(attemptIn(job, attempt), {
        ...{ runner, slot, rule, assignedAt: at },
        ...(alsoSlots === undefined ? {} : { alsoSlots }),
        ...(queuedAt === undefined ? {} : { queuedAt }),
      });
      delete job.waitsSince;
      delete job.retryAt;
      return;
    }
    case 'JobStarted':
      job.status = 'running';
      job.startedAt ??= at;
      Object.assign(attemptIn(job, event.data.attempt), { startedAt: at, pid: event.data.pid });
      return;
    case 'JobRequeued': {
      const { attempt, cause, exitCode, why, detail } = event.data;
      job.status = 'queued';
      job.waitsSince = at;
      const wait = retryWaitOf(event.data, at);
      if (wait !== undefined) job.retryAt = wait.until;
      delete job.collectionPaused;
      const ended = attemptIn(job, attempt);
      Object.assign(ended, {
        endedAt: at,
        why: detail ?? why ?? cause,
        ...(exitCode === undefined ? {} : { exitCode }),
      });
      keep(job, ended, at, false);
      return;
    }
    case 'JobCollectionPaused':
      job.collectionPaused = { at, why: event.data.why, detail: event.data.detail };
      return;
    case 'JobCollectionResumed':
      delete job.collectionPaused;
      return;
    case 'JobReported': {
      const { attempt, success, status } = event.data;
      attemptIn(job, attempt).reported = { at, success, status };
      return;
    }
    case 'JobCancelRequested':
      job.cancelRequested ??= {
        at,
        by: metadata.actor,
        ...(metadata.reason === undefined ? {} : { reason: metadata.reason }),
      };
      return;
    default:
      if (isJobEnd(event)) end(job, event, metadata);
  }
};

/** Folds the streams `job-<id>`. What ended stays ended, whatever a damaged history says afterwards. */
export const jobs: Projection<JobsView, BatonEvent> = {
  name: 'jobs',
  version: 7,
  init: () => ({}),
  evolve: (view, recorded) => {
    const id = idIn('job', recorded.stream);
    const { event, metadata, revision } = recorded;
    if (id === undefined || !isJobEvent(event)) return;
    const job = find(view, id);
    if (job === undefined) {
      if (event.type === 'JobQueued') put(view, id, queued(id, event.data, recorded));
      return;
    }
    job.revision = revision;
    job.position = recorded.position;
    if (event.type === 'JobReportRefused')
      job.refusedReports = [...(job.refusedReports ?? []), { at: metadata.recordedAt, ...event.data }];
    else if (event.type === 'JobOutputSealed')
      attemptIn(job, event.data.attempt).outputs = event.data.outputs;
    else if (!isEnded(job)) change(job, event, metadata);
  },
};
