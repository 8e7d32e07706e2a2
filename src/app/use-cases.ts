/** What people and programs can ask of Baton. HTTP, CLI and hosts all come through here. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { ExplainAnswer } from '../../projections/explain.js';
import type { HistoryRow } from '../../projections/history.js';
import type { JobView } from '../../projections/jobs.js';
import type { QueueView } from '../../projections/queue.js';
import type { Position } from '../kernel/recorded.js';
import type { AppError } from './errors.js';
import type { RunnerStatus } from './evidence.js';

/** Who asks, under which key, and why; goes into the metadata of every event that follows. */
export interface Caller {
  /** Subject of the token. */
  readonly actor: string;
  readonly role: 'viewer' | 'operator' | 'admin';
}

export interface CommandContext {
  readonly caller: Caller;
  /** UUID: derived from actor, route and `Idempotency-Key`, or random when there is no key. */
  readonly commandId: string;
  /** Lower-case hex SHA-256 of the request's body. */
  readonly bodySha256: string;
  readonly reason?: string;
}

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
  /** `agent`: the server's ssh-agent proves us, and no key is made or kept. Absent: `key`. */
  readonly auth?: 'key' | 'agent';
  /** `user@host[:port]` of a host to go through; its own host key is as strict as the runner's. */
  readonly jump?: string;
  readonly jumpHostKey?: string;
}

export interface RunnerAdded {
  readonly runner: RunnerStatus;
  /** One line for `authorized_keys`; absent with an agent. */
  readonly publicKey?: string;
}

/** What is to be other than before. An empty `jump`: reached directly. `auth: 'key'` makes a new key unless one is given. */
export type SetRunner = Partial<
  Pick<
    AddRunner,
    'host' | 'port' | 'user' | 'slots' | 'labels' | 'jump' | 'jumpHostKey' | 'auth' | 'privateKey'
  >
>;

/** One sentence for people; `code` is a transport code or `ready`. */
export interface RunnerTested {
  readonly code: string;
  readonly sentence: string;
  /** Host key that was found, when it is not accepted yet. */
  readonly fingerprint?: string;
  /** It was the jump host that could not be used, and whose host key that is. */
  readonly hop?: 'jump';
  readonly runner: RunnerStatus;
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
}

/** The answer of a command: `repeated` when it was answered from what was recorded before. */
export interface Done<A> {
  readonly value: A;
  readonly repeated: boolean;
}

export interface JobFilter {
  readonly status?: string;
  readonly runner?: string;
  readonly change?: string;
}

type RunnerAct<A = void> = (
  context: CommandContext,
  name: string,
  detail: A,
) => TaskEither<AppError, Done<RunnerStatus>>;

export interface UseCases {
  readonly addRunner: (
    context: CommandContext,
    request: AddRunner,
  ) => TaskEither<AppError, Done<RunnerAdded>>;
  readonly listRunners: () => TaskEither<AppError, readonly RunnerStatus[]>;
  readonly showRunner: (name: string) => TaskEither<AppError, RunnerStatus>;
  /** Connects now, records a changed verdict and changed attributes. `accept` pins exactly these fingerprints. */
  readonly testRunner: (
    context: CommandContext,
    name: string,
    accept: { readonly hostKey?: string; readonly jumpHostKey?: string },
  ) => TaskEither<AppError, RunnerTested>;
  /** Jobs that run there finish, no new ones come. */
  readonly drainRunner: RunnerAct;
  /** As drained, and back by itself at `until`: an instant, or a length of time from now. */
  readonly pauseRunner: RunnerAct<string | undefined>;
  readonly resumeRunner: RunnerAct;
  /** Ends a quarantine: of one slot when it is given, else of the runner. */
  readonly clearRunner: RunnerAct<number | undefined>;
  /** Accepts the host key that was found, if it is the one named. Without a name both keys are told, and nothing is done. */
  readonly trustRunner: (
    context: CommandContext,
    name: string,
    key: { readonly fingerprint?: string; readonly hop: 'runner' | 'jump' },
  ) => TaskEither<AppError, Done<RunnerTested>>;
  /** Refused while jobs run there, unless these are to be cancelled. */
  readonly removeRunner: RunnerAct<boolean>;
  readonly setRunner: (
    context: CommandContext,
    name: string,
    settings: SetRunner,
  ) => TaskEither<AppError, Done<RunnerAdded>>;

  readonly submitChange: (
    context: CommandContext,
    request: SubmitChange,
  ) => TaskEither<AppError, Done<ChangeView>>;
  readonly listChanges: () => TaskEither<AppError, readonly ChangeView[]>;
  readonly showChange: (id: string) => TaskEither<AppError, ChangeView>;

  readonly listJobs: (filter: JobFilter) => TaskEither<AppError, readonly JobView[]>;
  /** `id` may be a unique prefix of at least 4 characters. */
  readonly showJob: (id: string) => TaskEither<AppError, JobView>;
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

  readonly queue: () => TaskEither<AppError, QueueView>;
  readonly history: (filter: {
    readonly runner?: string;
    readonly change?: string;
    readonly limit: number;
  }) => TaskEither<AppError, readonly HistoryRow[]>;
  /** Throws the projection's view away and folds it again from the first event; answers how many events that took. */
  readonly rebuild: (
    projection: string,
  ) => TaskEither<AppError, { readonly name: string; readonly events: number }>;

  /** The caller whose token this is, compared by hash in constant time. */
  readonly authenticate: (token: string) => Caller | undefined;
}
