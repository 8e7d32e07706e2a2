/** How long may a job wait, and what when nothing can ever run it? What holds for the whole installation. */
import type { PhasePromoted } from '../events/phase-run.js';

export interface QueuePolicy {
  /** Waiting this long counts as one step of priority. */
  readonly ageingMs: number;
  /** For phases whose host does not say it: what to do when no enrolled runner can ever match. */
  readonly whenUnmatchable: PhasePromoted['whenUnmatchable'];
  /** With `expire`, and without a limit of its own: how long a job waits for a runner that matches. */
  readonly unmatchedMs: number;
  /** Longest wait in the queue; absent: no limit. */
  readonly queueMs?: number;
  /** From assignment to start. */
  readonly startMs: number;
}

/** Jobs that may live at a time, waiting and running together, before engines are told to come again. */
export const MOST_QUEUED = 1000;

export const defaultQueuePolicy: QueuePolicy = {
  ageingMs: 10 * 60_000,
  whenUnmatchable: 'wait',
  unmatchedMs: 60 * 60_000,
  startMs: 5 * 60_000,
};

/** A promotion with what its host left open: recorded with it, so a later change of the policy does not touch it. */
export const withQueuePolicy = (
  promoted: PhasePromoted,
  { whenUnmatchable, queueMs }: QueuePolicy,
): PhasePromoted => ({
  ...promoted,
  whenUnmatchable: promoted.whenUnmatchable === 'wait' ? whenUnmatchable : promoted.whenUnmatchable,
  limits: { ...(queueMs === undefined ? {} : { queueMs }), ...promoted.limits },
});
