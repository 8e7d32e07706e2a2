/**
 * What the API of the original needs beside what is asked for otherwise: its numbers. There, a phase run was one row of a matrix and
 * a stage run a line of a table, both with an integer for a name; what waited or ran had a digest of these.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { JobView } from '../../projections/jobs.js';
import type { Position } from '../kernel/recorded.js';
import type { Instant } from '../kernel/time.js';
import type { Sees } from './calls.js';
import type { ChangeView } from './change-view.js';
import type { AppError } from './errors.js';
import type { RunnerStatus } from './evidence.js';

/** One enterprise, and what of it is seen. */
export interface Within {
  readonly enterprise: string;
  readonly sees?: Sees;
}

/** What was read, as of which event, and when. */
export interface AsOf<A> {
  readonly position: Position;
  readonly now: Instant;
  readonly value: A;
}

/** A job under the names that the original would have given it. */
export interface NumberedJob {
  /** 64 hex digits: SHA-256 of stage run, phase run and change id, one behind the other. */
  readonly id: string;
  /** From 1, in the order in which jobs were queued. */
  readonly phaseRun: number;
  readonly stageRun: number;
  /** When its change was handed in; of a job without one of ours, when it was queued. */
  readonly submittedAt: Instant;
  readonly job: JobView;
}

/** A runner, and what holds its first busy slot. */
export interface NumberedRunner {
  /** Of this enrolment; the same name enrolled again is another runner. */
  readonly id: string;
  readonly runner: RunnerStatus;
  /** `hidden`: a job of which nothing may be told. */
  readonly job?: JobView | 'hidden';
}

export interface Patchset {
  readonly number: number;
  readonly sha: string;
  readonly at: Instant;
}

/** When a change was opened, by whom, and what was handed in since. */
export interface Submission {
  readonly at: Instant;
  readonly by: string;
  readonly patchsets: readonly Patchset[];
}

export interface SubmittedChange {
  readonly change: ChangeView;
  readonly submission: Submission;
}

export interface NumberedChange extends SubmittedChange {
  /** The jobs of the latest run of each stage, consumers' too, by their own ids. */
  readonly jobs: Readonly<Record<string, NumberedJob>>;
  /** The later change that took its place, when that is seen. */
  readonly superseding?: SubmittedChange;
  /** Stage run → when it was put into its queue. */
  readonly triggered: Readonly<Record<string, Instant>>;
}

/** An organisation that something has been seen of, and how many of its projects. */
export interface Organisation {
  readonly name: string;
  readonly projects: number;
}

/** Where something is not seen, it is refused as if it were not there. */
export interface OriginalUseCases {
  /** By name, without those that are retired. */
  readonly originalRunners: (within: Within) => TaskEither<AppError, AsOf<readonly NumberedRunner[]>>;
  /** What waits or runs, oldest first. */
  readonly originalQueue: (within: Within) => TaskEither<AppError, AsOf<readonly NumberedJob[]>>;
  /** Only what waits or runs, by its 64 hex digits. */
  readonly originalJob: (within: Within, id: string) => TaskEither<AppError, AsOf<NumberedJob>>;
  /** By its number, ended ones too. */
  readonly originalPhaseRun: (within: Within, phaseRun: number) => TaskEither<AppError, AsOf<NumberedJob>>;
  /** By its full id; one that was deleted is not there. */
  readonly originalChange: (within: Within, id: string) => TaskEither<AppError, AsOf<NumberedChange>>;
  /** Who deleted it, of a change that is gone; undefined of one that is there. */
  readonly originalDeletion: (within: Within, id: string) => TaskEither<AppError, string | undefined>;
  /** Changes of which a stage has started and not ended. */
  readonly originalStages: (within: Within) => TaskEither<AppError, readonly NumberedChange[]>;
  /** Projects that took part in a Union that has not passed since. */
  readonly originalBlocked: (within: Within) => TaskEither<AppError, readonly string[]>;
  readonly originalOrganisations: (within: Within) => TaskEither<AppError, readonly Organisation[]>;
  /** After each event, its position. */
  readonly watchOriginal: () => Observable<Position>;
}
