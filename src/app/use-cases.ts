/** What people and programs can ask of Baton. HTTP, CLI and hosts all come through here. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { ExplainAnswer } from '../../projections/explain.js';
import type { HistoryRow } from '../../projections/history.js';
import type { JobView } from '../../projections/jobs.js';
import type { QueueView } from '../../projections/queue.js';
import type { RunnerView } from '../../projections/runner-health.js';
import type { Scope } from '../events/shapes.js';
import type { Position } from '../kernel/recorded.js';
import type { AccessUseCases } from './access-use-cases.js';
import type { Caller, CommandContext, Done, Place, Sees } from './calls.js';
import type { AppError } from './errors.js';
import type { HealthUseCases } from './health.js';

export type { Caller, CommandContext, Done, Place, Sees };

export interface AddRunner {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly slots: number;
  readonly labels: readonly string[];
  /** PEM or OpenSSH private key; absent: Baton makes an ed25519 key and answers its public half. */
  readonly privateKey?: string;
  /** Accepted host key, `SHA256:…`; absent: the key found at first contact is told and awaits approval. */
  readonly hostKey?: string;
  readonly base?: string;
}

export interface RunnerAdded {
  readonly runner: RunnerView;
  /** One line for `authorized_keys`. */
  readonly publicKey: string;
}

/** One sentence for people; `code` is a transport code or `ready`. */
export interface RunnerTested {
  readonly code: string;
  readonly sentence: string;
  /** Host key that was found, when it is not accepted yet. */
  readonly fingerprint?: string;
  readonly runner: RunnerView;
}

export interface SubmitChange {
  readonly repository: string;
  readonly branch: string;
  readonly target: string;
  readonly enterprise?: string;
  readonly organisation?: string;
  readonly project?: string;
}

export interface ChangeView {
  readonly id: string;
  readonly title: string;
  readonly branch: string;
  readonly pipeline: string;
  readonly enterprise: string;
  readonly organisation: string;
  readonly project: string;
  readonly patchset: number;
  readonly sha: string;
  readonly stages: readonly {
    readonly stageRunId: string;
    readonly stage: string;
    readonly status: 'queued' | 'running' | 'passed' | 'failed';
    readonly phases: readonly {
      readonly phase: string;
      readonly status:
        | 'skipped'
        | 'waiting'
        | 'running'
        | 'succeeded'
        | 'failed'
        | 'cancelled'
        | 'timed_out'
        | 'lost'
        | 'expired'
        | 'undeliverable';
      readonly phaseRunId?: string;
      readonly jobs: readonly string[];
    }[];
  }[];
  /** Of the change's own stream, for `If-Match`. */
  readonly revision: number;
}

export interface JobFilter {
  readonly status?: string;
  readonly runner?: string;
  readonly change?: string;
  readonly sees?: Sees;
}

/** Jobs in the queue that the caller does not see: how many, and no word about them. */
export type OtherJobs = Readonly<Record<'queued' | 'assigned' | 'running', number>>;

export interface UseCases extends AccessUseCases, HealthUseCases {
  readonly addRunner: (
    context: CommandContext,
    request: AddRunner,
  ) => TaskEither<AppError, Done<RunnerAdded>>;
  readonly listRunners: () => TaskEither<AppError, readonly RunnerView[]>;
  readonly showRunner: (name: string) => TaskEither<AppError, RunnerView>;
  /** Connects now, records a changed verdict and changed attributes. `acceptHostKey` pins exactly that fingerprint. */
  readonly testRunner: (
    context: CommandContext,
    name: string,
    acceptHostKey?: string,
  ) => TaskEither<AppError, RunnerTested>;

  readonly submitChange: (
    context: CommandContext,
    request: SubmitChange,
  ) => TaskEither<AppError, Done<ChangeView>>;
  readonly listChanges: (filter?: { readonly sees?: Sees }) => TaskEither<AppError, readonly ChangeView[]>;
  readonly showChange: (id: string) => TaskEither<AppError, ChangeView>;
  /** Among the changes that are seen; what is not seen is refused as what is not there. */
  readonly placeOfChange: (id: string, sees?: Sees) => TaskEither<AppError, Place>;
  /** In whose scope a change would lie. */
  readonly placeOfSubmission: (request: SubmitChange) => TaskEither<AppError, Scope>;

  readonly listJobs: (filter: JobFilter) => TaskEither<AppError, readonly JobView[]>;
  /** `id` may be a unique prefix of at least 4 characters. */
  readonly showJob: (id: string) => TaskEither<AppError, JobView>;
  /** Among the jobs that are seen; what is not seen is refused as what is not there. */
  readonly placeOfJob: (id: string, sees?: Sees) => TaskEither<AppError, Place>;
  readonly cancelJob: (context: CommandContext, id: string) => TaskEither<AppError, Done<JobView>>;
  readonly explainJob: (id: string) => TaskEither<AppError, ExplainAnswer>;
  /** Snapshot first, then each change; `position` is for `Last-Event-ID`. With `after`, only what changed after it. */
  readonly watchJobs: (
    filter: JobFilter,
    after?: Position,
  ) => Observable<{ readonly position: Position; readonly job: JobView }>;
  readonly readLog: (
    id: string,
    from: number,
    maxBytes: number,
    attempt?: number,
  ) => TaskEither<AppError, { readonly bytes: Buffer; readonly size: number; readonly sealed: boolean }>;
  readonly watchLog: (
    id: string,
    attempt?: number,
  ) => Observable<{ readonly size: number; readonly sealed: boolean }>;

  /** What is not seen is counted, and in nothing else present. */
  readonly queue: (filter?: {
    readonly sees?: Sees;
  }) => TaskEither<AppError, QueueView & { readonly others?: OtherJobs }>;
  readonly history: (filter: {
    readonly runner?: string;
    readonly change?: string;
    readonly limit: number;
    readonly sees?: Sees;
  }) => TaskEither<AppError, readonly HistoryRow[]>;
  /** Throws the projection's view away and folds it again from the first event; answers how many events that took. */
  readonly rebuild: (
    projection: string,
  ) => TaskEither<AppError, { readonly name: string; readonly events: number }>;
}
