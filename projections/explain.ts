/** Why a job waits, or why it ran where it ran: every runner against every clause. */
import { brokenBy, noRules, type Compatibility } from '../src/domain/compatibility.js';
import { admits, enterpriseClause, judge, slotsClause, suits } from '../src/domain/matching.js';
import type { BatonEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { Filter } from '../src/events/shapes.js';
import type { Projection } from '../src/kernel/projection.js';
import type { RunnerHealthView, RunnerView } from './runner-health.js';
import { runnerHealth, runnerViews } from './runner-health.js';
import type { Instant } from '../src/kernel/time.js';
import { retryText, retryWaitOf, type RetryWait } from './retry-wait.js';
import { isJobEnd, outcomeOf, summaryOf } from './summary.js';
import { find, idIn, put } from './table.js';
import { slotCounts } from './held-slots.js';
import { waitingVerdict } from './verdict.js';
import type { ExplainAnswer } from './explain-answer.js';

export type { ExplainAnswer };

interface ExplainedJob {
  readonly enterprise: string;
  readonly filter: Filter;
  /** That it takes; absent: 1. */
  readonly slots?: number;
  status: string;
  /** The last choice that was made for it. */
  chosen?: { readonly runner: string; readonly rule: string; readonly attempt: number };
  started: boolean;
  retry?: RetryWait;
  cancelledBy?: string;
  summary?: string;
}

/** Jobs with what they ask for, beside the runners as `runner_health` knows them. */
export interface ExplainView {
  jobs: Record<string, ExplainedJob>;
  health: RunnerHealthView;
}

/** Folds all streams of jobs and runners; the table itself is made when somebody asks. */
export const explain: Projection<ExplainView, BatonEvent> = {
  name: 'explain',
  // the runners' part is a part of this view: a change of its shape is a change of this one
  version: 1000 * runnerHealth.version + 3,
  init: () => ({ jobs: {}, health: runnerHealth.init() }),
  evolve: (view, recorded) => {
    runnerHealth.evolve(view.health, recorded);
    const { stream, event, metadata } = recorded;
    const id = idIn('job', stream);
    if (id === undefined || !isJobEvent(event)) return;
    const job = find(view.jobs, id);
    if (job === undefined) {
      if (event.type !== 'JobQueued') return;
      const { filter, scope, slots } = event.data;
      put(view.jobs, id, {
        ...{ enterprise: scope.enterprise, filter, status: 'queued', started: false },
        ...(slots === undefined ? {} : { slots }),
      });
      return;
    }
    if (job.summary !== undefined) return;
    if (isJobEnd(event)) {
      job.status = outcomeOf(event);
      job.summary = summaryOf(event, job.cancelledBy);
      return;
    }
    switch (event.type) {
      case 'JobAssigned': {
        const { runner, rule, attempt } = event.data;
        job.status = 'assigned';
        job.chosen = { runner, rule, attempt };
        job.started = false;
        delete job.retry;
        return;
      }
      case 'JobStarted':
        job.status = 'running';
        job.started = true;
        return;
      case 'JobRequeued': {
        job.status = 'queued';
        const wait = retryWaitOf(event.data, metadata.recordedAt);
        if (wait !== undefined) job.retry = wait;
        return;
      }
      case 'JobCancelRequested':
        job.cancelledBy ??= metadata.actor;
    }
  },
};

/** Why it cannot take a job of so many slots now, whatever else that asks for; undefined when it can. */
const unavailableNow = (
  runner: RunnerView,
  wanted: number,
  compatibility: Compatibility,
): string | undefined => {
  if (runner.state === 'untested') return `untested: ${runner.detail ?? 'no probe has been recorded yet'}`;
  if (runner.state !== 'ready') return `${runner.state}: ${runner.detail ?? 'no detail was recorded'}`;
  const broken = brokenBy(compatibility, runner);
  if (broken !== '') return `unfit: ${broken}`;
  const { busy, quarantined, free } = slotCounts(runner);
  if (free >= wanted) return undefined;
  const lacking = wanted === 1 ? 'without a free slot' : `without ${wanted} free slots`;
  return quarantined === 0
    ? `busy: ${busy} of ${runner.slots} slots`
    : `${lacking}: ${busy} of ${runner.slots} slots busy, ${quarantined} quarantined`;
};

const rowFor = (
  job: ExplainedJob,
  runner: RunnerView,
  compatibility: Compatibility,
): ExplainAnswer['runners'][number] => {
  const { enterprises } = runner;
  const { slots = 1 } = job;
  const clauses = [
    ...judge(runner, job.filter),
    // how many it has is a condition only for those that take several
    ...(slots === 1
      ? []
      : [{ clause: slotsClause(slots), holds: runner.slots >= slots, found: String(runner.slots) }]),
    // who may use a runner is a condition like the others, though no filter says it
    ...(enterprises === undefined
      ? []
      : [
          {
            clause: enterpriseClause(job.enterprise),
            holds: admits(runner, job.enterprise),
            // whom else it takes jobs of is not for people of this one
            found: admits(runner, job.enterprise) ? job.enterprise : 'others',
          },
        ]),
  ];
  const unavailable = unavailableNow(runner, slots, compatibility);
  return {
    runner: runner.name,
    suits: clauses.every(({ holds }) => holds),
    ...(unavailable === undefined ? {} : { unavailable }),
    clauses,
  };
};

/** Waits for a runner, and for no time. */
const isWaiting = ({ status, retry }: ExplainedJob, now: Instant | undefined): boolean =>
  status === 'queued' && (retry === undefined || retryText(retry, now) === undefined);

/**
 * By name, whether that runner may keep free slots from a job that takes so many: one that takes more waits, and suits it. One that takes as
 * many would start there itself.
 */
const keptFrom = (
  view: ExplainView,
  taken: number,
  now: Instant | undefined,
): ((name: string) => boolean) => {
  const heavier = Object.values(view.jobs).filter(
    (other) => (other.slots ?? 1) > taken && isWaiting(other, now),
  );
  return (name) => {
    const runner = find(view.health.runners, name);
    if (runner === undefined) return false;
    // what is in quarantine may stay there for ever
    const usable = runner.slots - runner.quarantinedSlots.filter((slot) => slot < runner.slots).length;
    return heavier.some(
      ({ slots = 1, enterprise, filter }) =>
        usable >= slots && admits(runner, enterprise) && suits(runner, filter),
    );
  };
};

const verdictFor = (
  view: ExplainView,
  job: ExplainedJob,
  runners: ExplainAnswer['runners'],
  now: Instant | undefined,
): string => {
  const { chosen, started, summary, status, retry } = job;
  const choice = chosen === undefined ? '' : `${chosen.runner} (rule: ${chosen.rule})`;
  if (summary !== undefined) {
    if (chosen === undefined) return `never ran: ${summary}`;
    return started ? `ran on ${choice}` : `was assigned to ${choice} and did not start: ${summary}`;
  }
  if (status === 'running') return `runs on ${choice}`;
  if (status === 'assigned') return `assigned to ${choice}, not started yet`;
  const later = retry && retryText(retry, now);
  return later === undefined
    ? waitingVerdict(runners, job.slots, keptFrom(view, job.slots ?? 1, now))
    : `waits: ${later}`;
};

/**
 * The answer as of the view's position: a job that ended is held against the runners as they are there, not as they were. `now`: how
 * late it is, where somebody knows. `compatibility`: the rules of that moment, likewise.
 */
export const explainJob = (
  view: ExplainView,
  jobId: string,
  now?: Instant,
  compatibility: Compatibility = noRules,
): ExplainAnswer | undefined => {
  const job = find(view.jobs, jobId);
  if (job === undefined) return undefined;
  const runners = runnerViews(view.health)
    .filter(({ state }) => state !== 'retired')
    .map((runner) => rowFor(job, runner, compatibility));
  return { jobId, status: job.status, verdict: verdictFor(view, job, runners, now), runners };
};
