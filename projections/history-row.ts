/** What history tells of one attempt. */
import type { Outcome } from '../src/events/shapes.js';

/** Instants and lengths that are not there yet, or never came, are absent. */
export interface HistoryRow {
  readonly jobId: string;
  /** 0 for a job that ended while it waited: nothing was tried. */
  readonly attempt: number;
  readonly phaseRunId: string;
  /** The job that this one repeats, when a person asked for it again. */
  readonly retryOf?: string;
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
  readonly changeId?: string;
  readonly changeTitle?: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly phase: string;
  readonly label: string;
  readonly runner?: string;
  readonly slot?: number;
  /** The further ones that it held; absent: none. */
  readonly alsoSlots?: readonly number[];
  /** The rule that chose the runner, in one word. */
  readonly rule?: string;
  readonly outcome?: Outcome | 'requeued';
  readonly exitCode?: number;
  /** A guess from the exit code: a shell cannot tell exit 143 from death by TERM. */
  readonly likelySignal?: string;
  readonly queuedAt: string;
  readonly assignedAt?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** From queued, or queued again, to started; to the end when it never started. */
  readonly waitedMs?: number;
  /** The part of the wait that came after the assignment: reaching the runner and bringing the source there. */
  readonly connectMs?: number;
  /** From started to ended. */
  readonly ranMs?: number;
  readonly cancelledBy?: string;
  readonly cancelReason?: string;
  readonly cancelledAt?: string;
  /** Why it was queued again: `infrastructure`, `runner_changed` or `policy`. */
  readonly requeueCause?: string;
  /** A stable word: why it was queued again, lost, expired or not delivered, or which limit it reached. */
  readonly why?: string;
  /** The same as a sentence, where one was recorded. */
  readonly detail?: string;
  /** Why it was cancelled, queued again, lost, expired or not delivered: the first of these that is known. */
  readonly reason?: string;
  /** What was done to end it, and what came of it. */
  readonly evidence?: string;
  /** One sentence that says how it ended. */
  readonly summary?: string;
  /** What the job itself told of its end, whatever the outcome is; absent: nothing. */
  readonly reported?: 'success' | 'failure';
  /** Why what it told later changed nothing: `job_already_finished`, `attempt_is_over` or `cancel_requested`. */
  readonly reportRefused?: string;
}

/** The instant by which a row is found in time: its end, else the last thing that is known of it. */
export const instantOf = (row: HistoryRow): string =>
  row.endedAt ?? row.startedAt ?? row.assignedAt ?? row.queuedAt;
