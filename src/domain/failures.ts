/**
 * Which runner fails its jobs? A machine that cannot run anything is free again at once and would swallow the whole queue, so
 * what ends badly on it in a row is counted. Two kinds of evidence, told apart because they weigh differently:
 *
 * - an attempt that the machine itself ended (no start, lost, no result): 3 in a row. Attempts that ran side by side are one
 *   incident, such as one restart, so an attempt counts only when it was assigned after the last counted one had failed.
 * - a job that failed within seconds of its start: 6 in a row, of at least 3 projects. One project alone may just be broken.
 *
 * A success ends both counts; so does a job that failed after it had worked for a while, and whatever clears the runner.
 */
import { isJobEvent, isRunnerEvent, type BatonEvent, type JobEvent } from '../events/catalog.js';
import type { Recorded } from '../kernel/recorded.js';
import { CLOSED } from './job.js';
import { millisBetween } from '../kernel/time.js';

export const ATTEMPTS_IN_A_ROW = 3;
const QUICK_IN_A_ROW = 6;
const QUICK_PROJECTS = 3;
const QUICK_MS = 10_000;

/** Where a live job is. `order`: when it was assigned, on the clock of this fold. */
interface Placed {
  readonly project: string;
  runner: string | undefined;
  order: number;
  startedAt: string | undefined;
}

interface Counted {
  readonly jobId: string;
  readonly eventId: string;
  readonly what: string;
}

interface Counts {
  /** Attempts that the machine ended, and when the last of them was counted. */
  attempts: readonly Counted[];
  countedAt: number;
  quick: readonly Counted[];
}

export interface Failures {
  readonly jobs: Map<string, Placed>;
  readonly runners: Map<string, Counts>;
  order: number;
}

export const noFailures = (): Failures => ({ jobs: new Map(), runners: new Map(), order: 0 });

/** How the attempt ended by itself that policy has tried again: its end weighs as much as that of the job would. */
const triedAgain = (event: JobEvent): string | undefined =>
  event.type === 'JobRequeued' && event.data.cause === 'policy' ? event.data.why : undefined;

/** Why an attempt ended by the machine's fault; undefined when it is not the machine's. */
const blamed = (event: JobEvent): string | undefined => {
  switch (event.type) {
    case 'JobRequeued':
      if (triedAgain(event) === 'lost') return event.data.why;
      return event.data.cause === 'infrastructure' && !NO_FAULT.has(event.data.why ?? '')
        ? (event.data.why ?? 'infrastructure')
        : undefined;
    case 'JobLost':
      // a person's word tells nothing of the machine
      return event.data.why === CLOSED ? undefined : event.data.why;
    case 'JobUndeliverable':
      // the source may also refuse a job that was assigned
      return event.data.attempt !== undefined && MACHINE_WORDS.has(event.data.why)
        ? event.data.why
        : undefined;
    default:
      return undefined;
  }
};

/** A runner that was taken over is well, only its dispatcher is another; one job may want more room than any machine has. */
const NO_FAULT: ReadonlySet<string> = new Set(['stale_fence', 'disk_low']);

const MACHINE_WORDS: ReadonlySet<string> = new Set([
  ...['name_not_found', 'refused', 'timed_out', 'unreachable', 'permission_denied', 'no_usable_shell'],
  ...['workspace_not_writable', 'missing_tool', 'disk_full', 'not_prepared', 'runner_failed', 'revoked'],
]);

const countsOf = (failures: Failures, runner: string): Counts => {
  const found = failures.runners.get(runner) ?? { attempts: [], countedAt: -1, quick: [] };
  failures.runners.set(runner, found);
  return found;
};

const forgive = (failures: Failures, runner: string): void => {
  failures.runners.set(runner, { attempts: [], countedAt: failures.order, quick: [] });
};

const count = (
  failures: Failures,
  job: Placed,
  jobId: string,
  { event, id, metadata }: Recorded<BatonEvent>,
): void => {
  if (!isJobEvent(event) || job.runner === undefined) return;
  const counts = countsOf(failures, job.runner);
  const why = blamed(event);
  if (why !== undefined && job.order > counts.countedAt) {
    counts.attempts = [...counts.attempts, { jobId, eventId: id, what: why }].slice(-ATTEMPTS_IN_A_ROW);
    counts.countedAt = failures.order;
  } else if (event.type === 'JobSucceeded') forgive(failures, job.runner);
  else if (event.type === 'JobFailed' || triedAgain(event) === 'failed') {
    const ranMs = job.startedAt === undefined ? QUICK_MS : millisBetween(job.startedAt, metadata.recordedAt);
    if (ranMs >= QUICK_MS) forgive(failures, job.runner);
    else counts.quick = [...counts.quick, { jobId, eventId: id, what: job.project }].slice(-QUICK_IN_A_ROW);
  }
};

/** Folds events of jobs and runners. */
export const evolveFailures = (failures: Failures, recorded: Recorded<BatonEvent>): Failures => {
  const { stream, event, metadata } = recorded;
  const id = stream.slice(stream.indexOf('-') + 1);
  failures.order += 1;
  if (isRunnerEvent(event)) {
    if (event.type === 'RunnerCleared') forgive(failures, id);
    if (event.type === 'RunnerRetired' || event.type === 'RunnerEnrolled') failures.runners.delete(id);
    // jobs of a runner that had the name before say nothing of this one
    if (event.type === 'RunnerEnrolled')
      for (const job of failures.jobs.values()) if (job.runner === id) job.runner = undefined;
    return failures;
  }
  if (!isJobEvent(event)) return failures;
  if (event.type === 'JobQueued') {
    const { enterprise, organisation, project } = event.data.scope;
    failures.jobs.set(id, {
      project: `${enterprise}/${organisation}/${project}`,
      ...{ runner: undefined, order: 0, startedAt: undefined },
    });
    return failures;
  }
  const job = failures.jobs.get(id);
  if (job === undefined) return failures;
  switch (event.type) {
    case 'JobAssigned':
      Object.assign(job, { runner: event.data.runner, order: failures.order, startedAt: undefined });
      return failures;
    case 'JobStarted':
      job.startedAt = metadata.recordedAt;
      return failures;
    case 'JobCancelRequested':
    case 'JobOutputSealed':
    case 'JobCollectionPaused':
    case 'JobCollectionResumed':
    case 'JobRemainsEnded':
    case 'JobReportRefused':
      return failures;
    case 'JobRequeued':
      count(failures, job, id, recorded);
      job.runner = undefined;
      return failures;
    default:
      count(failures, job, id, recorded);
      failures.jobs.delete(id);
      return failures;
  }
};

/** Enough failures in a row to take the runner out: the event that made it enough, and one sentence. */
export const struckBy = (
  failures: Failures,
  runner: string,
): { readonly eventId: string; readonly detail: string } | undefined => {
  const counts = failures.runners.get(runner);
  const attempt = counts?.attempts.at(-1);
  if (counts !== undefined && attempt !== undefined && counts.attempts.length >= ATTEMPTS_IN_A_ROW) {
    const words = [...new Set(counts.attempts.map(({ what }) => what))].join(', ');
    return {
      eventId: attempt.eventId,
      detail: `It failed ${counts.attempts.length} attempts in a row (${words}).`,
    };
  }
  const quick = counts?.quick.at(-1);
  const projects = new Set(counts?.quick.map(({ what }) => what)).size;
  if (counts === undefined || quick === undefined || counts.quick.length < QUICK_IN_A_ROW) return undefined;
  return projects < QUICK_PROJECTS
    ? undefined
    : {
        eventId: quick.eventId,
        detail: `${counts.quick.length} jobs of ${projects} projects failed there in a row, each within ${QUICK_MS / 1000} s of its start.`,
      };
};
