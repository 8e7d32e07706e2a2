/** Process: limits of live attempts that pass while nothing happens. Time comes in through `tick`, never from a clock. */
import type { BatonEvent } from '../events/catalog.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import { millisBetween, type Instant } from '../kernel/time.js';
import { evolveAttempts, noJobs, type LiveJob, type LiveJobs } from './attempts.js';
import type { DispatchCommand } from './commands.js';

/** The runner enforces total limit and grace itself; the server steps in this long after it should have. */
const MARGIN_MS = 30_000;

export interface WatchdogOptions {
  /** From assignment to start, where the job has no limit of its own. */
  readonly startMs: number;
}

/** Nothing here ends a job: the runner is asked, and only what it answers is recorded. */
const overdue = (job: LiveJob, at: Instant, { startMs }: WatchdogOptions): readonly DispatchCommand[] => {
  const { limits, since, jobId, phaseRunId, status, attempt, runner, cancel } = job;
  const waited = millisBetween(since.at, at);
  const effect = { correlationId: phaseRunId, target: 'effect', jobId, attempt, runner } as const;
  const ask = (causationId: string, which: string): DispatchCommand => ({
    ...effect,
    commandId: deriveId(causationId, 'watchdog', which),
    causationId,
    effect: 'end',
    graceMs: limits.cancelGraceMs,
    insist: true,
  });

  if (cancel !== undefined) {
    // a cancel may come before the assignment that it is for
    const asked = cancel.at > since.at ? cancel.at : since.at;
    return millisBetween(asked, at) > limits.cancelGraceMs + MARGIN_MS ? [ask(cancel.eventId, 'cancel')] : [];
  }
  if (status === 'assigned') {
    const mayTakeMs = limits.startMs ?? startMs;
    if (waited <= mayTakeMs) return [];
    const causationId = since.eventId;
    const commandId = deriveId(causationId, 'watchdog', 'revoke');
    return [{ ...effect, commandId, causationId, effect: 'revoke', startMs: mayTakeMs }];
  }
  if (limits.totalMs === undefined) return [];
  return waited > limits.totalMs + limits.cancelGraceMs + MARGIN_MS ? [ask(since.eventId, 'end')] : [];
};

export const watchdog = (options: WatchdogOptions): Process<BatonEvent, DispatchCommand, LiveJobs> => ({
  name: 'watchdog',
  version: 1,
  init: noJobs,
  evolve: (jobs, recorded) => {
    evolveAttempts(jobs, recorded);
    return jobs;
  },
  react: () => [],
  tick: ({ live }, at) => [...live.values()].flatMap((job) => overdue(job, at, options)),
  // what is overdue after a restart is found by the first tick, which brings the time
  resume: () => [],
});
