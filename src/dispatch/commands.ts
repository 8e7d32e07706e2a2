/** What the processes of this folder ask for: commands for deciders, and effects on runners. Plain data. */
import type { JobCommand } from '../domain/job.js';
import type { PhaseRunCommand } from '../domain/phase-run.js';
import type { RunnerCommand } from '../domain/runner.js';
import type { RecordWaitReason } from '../domain/wait-reason.js';

/** Why it is owed: the id is derived from the causing event, so the same debt always has the same id. */
export interface Owed {
  readonly commandId: string;
  readonly causationId: string;
  readonly correlationId: string;
  /** Carried over from the person's command that set this off. */
  readonly actor?: string;
  readonly reason?: string;
}

/** One attempt on its runner. `fresh`: this process saw the assignment happen, so nothing was sent before. */
export interface DriveAttempt {
  readonly target: 'effect';
  readonly effect: 'drive';
  readonly jobId: string;
  readonly attempt: number;
  readonly runner: string;
  readonly fresh: boolean;
}

/** Make the runner end the attempt, or keep it from starting. */
export interface EndAttempt {
  readonly target: 'effect';
  readonly effect: 'end';
  readonly jobId: string;
  readonly attempt: number;
  readonly runner: string;
  readonly graceMs: number;
  /** It should have ended by now: asked again and again, with pauses, until it has. */
  readonly insist?: boolean;
}

/** End what a closed job may have left on its runner, whenever that answers; remove its files, and record that. */
export interface EndRemains {
  readonly target: 'effect';
  readonly effect: 'end_remains';
  readonly jobId: string;
  readonly attempt: number;
  readonly runner: string;
  readonly graceMs: number;
}

/** Remove the private key of a runner that is no more, and record that. */
export interface ForgetKey {
  readonly target: 'effect';
  readonly effect: 'forget_key';
  readonly runner: string;
  readonly secretRef: string;
}

/** Keep an attempt from starting that should have started long ago; then it is queued again. */
export interface RevokeAttempt {
  readonly target: 'effect';
  readonly effect: 'revoke';
  readonly jobId: string;
  readonly attempt: number;
  readonly runner: string;
  /** The limit that has passed. */
  readonly startMs: number;
}

export type Effect = DriveAttempt | EndAttempt | EndRemains | RevokeAttempt | ForgetKey;

export type DispatchCommand =
  | (Owed & { readonly target: 'job'; readonly id: string; readonly command: JobCommand })
  | (Owed & { readonly target: 'phase_run'; readonly id: string; readonly command: PhaseRunCommand })
  | (Owed & { readonly target: 'runner'; readonly id: string; readonly command: RunnerCommand })
  | (Owed & { readonly target: 'filter_class'; readonly id: string; readonly command: RecordWaitReason })
  | (Owed & Effect);

/** Part of a stream's name behind its category. */
export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
