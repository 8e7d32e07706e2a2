/** What people and programs can ask of Baton. HTTP, CLI and hosts all come through here. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { ExplainAnswer } from '../../projections/explain.js';
import type { HistoryRow } from '../../projections/history.js';
import type { HistoryFilter } from '../../projections/history-page.js';
import type { HistorySummary, SummaryKey } from '../../projections/history-summary.js';
import type { JobView } from '../../projections/jobs.js';
import type { RunnerView } from '../../projections/runner-health.js';
import type { TimelineEntry } from '../../projections/timeline.js';
import type { OutputName } from '../domain/output.js';
import type { Stage } from '../domain/stage-plan.js';
import type { Scope } from '../events/shapes.js';
import type { At } from '../kernel/at.js';
import type { Position } from '../kernel/recorded.js';
import type { AccessUseCases } from './access-use-cases.js';
import type { Caller, CommandContext, Done, Place, Sees } from './calls.js';
import type {
  BlockedView,
  ChangeView,
  ConsumerView,
  Deed,
  PhaseView,
  PipelineName,
  PromotionView,
} from './change-view.js';
import type { AppError, Problem } from './errors.js';
import type { RunnerStatus } from './evidence.js';
import type { HealthUseCases } from './health.js';
import type { HostUseCases } from './host-calls.js';
import type { ReportUseCases } from './reports.js';
import type { MeasuresRequest, QueueMeasures } from './measure-reads.js';
import type { Moment } from './moments.js';
import type { OriginalUseCases } from './original.js';
import type { Page, PageRequest } from './pages.js';
import type { FoundLines, LogMatches, SearchWanted } from './ports.js';
import type { QueueAnswer, QueueRequest } from './queue-window.js';
import type { RunnerRequest, RunnerWindow } from './runner-window.js';
import type { RunnerSight } from './seen-runners.js';
import type { Installation } from './installation.js';
import type { ToolchainsView } from './toolchains.js';
import type { Update, UpdatesRequest } from './updates.js';
import type { WebhookUseCases } from './webhooks.js';

export type { Caller, CommandContext, Done, Place, RunnerSight, Sees };
export type { BlockedView, ChangeView, ConsumerView, Deed, PhaseView, PipelineName, PromotionView };

export interface AddRunner {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly slots: number;
  readonly labels: readonly string[];
  /** Whose jobs it takes; absent, or none named: everybody's. */
  readonly enterprises?: readonly string[];
  /** PEM or OpenSSH private key; absent: Baton makes an ed25519 key and answers its public half. */
  readonly privateKey?: string;
  /** Accepted host key, `SHA256:…`; absent: the key found at first contact is told and awaits approval. */
  readonly hostKey?: string;
  readonly base?: string;
  /** It takes no jobs before `proveRunner` has seen one run in each slot. */
  readonly trial?: boolean;
  /** Slot n, from 0, logs in as `<user>-<n>` and has the folder `<base>-<n>`: `base` must be absolute. The same key lets in to all. */
  readonly isolated?: boolean;
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

/** What is to be other than before. An empty `jump`: reached directly. Empty `enterprises`: it takes everybody's jobs. `auth: 'key'` makes a new key unless one is given. */
export type SetRunner = Partial<
  Pick<
    AddRunner,
    | 'host'
    | 'port'
    | 'user'
    | 'slots'
    | 'isolated'
    | 'labels'
    | 'enterprises'
    | 'jump'
    | 'jumpHostKey'
    | 'auth'
    | 'privateKey'
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

/** A secret of people: everything but its value. */
export interface SecretView {
  readonly ref: string;
  readonly setAt: string;
  readonly setBy: string;
  readonly reason?: string;
}

/** Which stage to run again; with `phase` only this one and what comes after it. */
export interface RerunChange {
  readonly stage: Stage;
  readonly phase?: string;
  /** Change of the consumer whose phase it is, or how its id begins. */
  readonly consumer?: string;
}

export interface RetryJob {
  /** Not on a runner that the job has run on. */
  readonly elsewhere: boolean;
}

/** What the retry is, and where to look for it. */
export interface JobRetried {
  /** The job that is tried again. */
  readonly retryOf: string;
  /** The new job; there is no such job before its phase run is promoted, which a host may put off. */
  readonly jobId: string;
  readonly phaseRunId: string;
  readonly attempt: number;
  readonly stage: string;
  readonly phase: string;
  readonly label: string;
  readonly changeId?: string;
  /** With the standalone host: the stage run that it is part of. */
  readonly stageRunId?: string;
}

export interface ChangeFilter {
  readonly status?: ChangeView['status'];
  /** Its name alone, in whichever organisation. */
  readonly project?: string;
  readonly sees?: Sees;
}

export interface JobFilter {
  readonly status?: string;
  readonly runner?: string;
  /** Jobs of this change, and of the consumers in its Union. */
  readonly change?: string;
  readonly sees?: Sees;
}

type RunnerAct<A = void> = (
  context: CommandContext,
  name: string,
  detail: A,
) => TaskEither<AppError, Done<RunnerStatus>>;

/** Of a job: absent, its last attempt, and its only output. One with two that are kept apart needs `output`; `report` is what it told. */
export interface LogChoice {
  readonly attempt?: number;
  readonly output?: OutputName;
}

/** Some lines of a log. What they say is read by their places in it, or stands with them. */
export interface LogLines extends FoundLines {
  readonly attempt?: number;
  readonly size: number;
  readonly sealed: boolean;
}

/** What a search found in a log, up to byte `size`. */
export interface FoundInLog extends LogMatches {
  readonly attempt?: number;
  readonly size: number;
  readonly sealed: boolean;
}

/** What is done with one change. */
export type ChangeDeed = (context: CommandContext, id: string) => TaskEither<AppError, Done<ChangeView>>;

export interface UseCases
  extends AccessUseCases, HealthUseCases, HostUseCases, OriginalUseCases, ReportUseCases, WebhookUseCases {
  readonly addRunner: (
    context: CommandContext,
    request: AddRunner,
  ) => TaskEither<AppError, Done<RunnerAdded>>;
  readonly listRunners: (sight?: RunnerSight) => TaskEither<AppError, readonly RunnerStatus[]>;
  /** Some of them, and how many there are of each. */
  readonly windowRunners: (
    request: RunnerRequest,
    sight?: RunnerSight,
  ) => TaskEither<AppError, RunnerWindow<RunnerStatus>>;
  readonly showRunner: (name: string, sight?: RunnerSight) => TaskEither<AppError, RunnerStatus>;
  /** Connects now, records a changed verdict and changed attributes. `accept` pins exactly these fingerprints. */
  readonly testRunner: (
    context: CommandContext,
    name: string,
    accept: { readonly hostKey?: string; readonly jumpHostKey?: string },
  ) => TaskEither<AppError, RunnerTested>;
  /**
   * Probes, then runs a small job in each slot and compares all that it writes; `code` is `ready` when every one was as it must be.
   * Refused while no slot is free.
   */
  readonly proveRunner: (context: CommandContext, name: string) => TaskEither<AppError, RunnerTested>;
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
  /** Refused while jobs run there, unless these are to be cancelled, or are to end first. */
  readonly removeRunner: RunnerAct<boolean | 'when_idle'>;
  readonly setRunner: (
    context: CommandContext,
    name: string,
    settings: SetRunner,
  ) => TaskEither<AppError, Done<RunnerAdded>>;

  readonly submitChange: (
    context: CommandContext,
    request: SubmitChange,
  ) => TaskEither<AppError, Done<ChangeView>>;
  /** The one that was opened last comes first. */
  readonly listChanges: (filter: ChangeFilter, page: PageRequest) => TaskEither<AppError, Page<ChangeView>>;
  readonly showChange: (id: string) => TaskEither<AppError, ChangeView>;
  /** Among the changes that are seen; what is not seen is refused as what is not there. */
  readonly placeOfChange: (id: string, sees?: Sees) => TaskEither<AppError, Place>;
  /** In whose scope a change would lie. */
  readonly placeOfSubmission: (request: SubmitChange) => TaskEither<AppError, Scope>;
  /** Records that its merge is intended; the merge itself follows. A conflict is refused with the files. */
  readonly approveChange: ChangeDeed;
  readonly deliverChange: ChangeDeed;
  /** Ends what waits or runs of its live stage. */
  readonly cancelChange: ChangeDeed;
  readonly deleteChange: ChangeDeed;
  readonly rerunChange: (
    context: CommandContext,
    id: string,
    request: RerunChange,
  ) => TaskEither<AppError, Done<ChangeView>>;

  /** Newest first. */
  readonly listJobs: (filter: JobFilter, page: PageRequest) => TaskEither<AppError, Page<JobView>>;
  /** `id` may be a unique prefix of at least 4 characters. */
  readonly showJob: (id: string) => TaskEither<AppError, JobView>;
  /** Among the jobs that are seen; what is not seen is refused as what is not there. */
  readonly placeOfJob: (id: string, sees?: Sees) => TaskEither<AppError, Place>;
  readonly cancelJob: (context: CommandContext, id: string) => TaskEither<AppError, Done<JobView>>;
  /** Gives it up as lost, whatever its runner says later; what still runs there is ended when it answers. Refused while it waits. */
  readonly closeJob: (context: CommandContext, id: string) => TaskEither<AppError, Done<JobView>>;
  /** Tries a job again that has ended without success: that job alone, in a new phase run or, with a host that has rules, as that says. */
  readonly retryJob: (
    context: CommandContext,
    id: string,
    how: RetryJob,
  ) => TaskEither<AppError, Done<JobRetried>>;
  readonly explainJob: (id: string) => TaskEither<AppError, ExplainAnswer>;
  /** Every event of the job and of its phase run, in words, oldest first. */
  readonly jobTimeline: (
    id: string,
  ) => TaskEither<AppError, { readonly jobId: string; readonly items: readonly TimelineEntry[] }>;
  /** Snapshot first, then each change; `position` is for `Last-Event-ID`. With `after`, only what changed after it. */
  readonly watchJobs: (
    filter: JobFilter,
    after?: Position,
  ) => Observable<{ readonly position: Position; readonly job: JobView }>;
  /** What has changed of what is shown: read it again. */
  readonly watchUpdates: (request: UpdatesRequest) => Observable<Update>;
  readonly readLog: (
    id: string,
    from: number,
    maxBytes: number,
    which?: LogChoice,
  ) => TaskEither<AppError, { readonly bytes: Buffer; readonly size: number; readonly sealed: boolean }>;
  /** Where its lines are and when they came, from number `from` on (-1 is the last), with `texts` also what they say; `attempt` is absent where there was none. */
  readonly logLines: (
    id: string,
    from: number,
    count: number,
    which?: LogChoice,
    texts?: boolean,
  ) => TaskEither<AppError, LogLines>;
  /** What is wrong with a regular expression for `searchLog`: nothing, or one problem with the path `q`. */
  readonly expressionProblems: (
    text: string,
    caseSensitive: boolean,
  ) => TaskEither<AppError, readonly Problem[]>;
  /** Text, or what an expression matches, in the whole log. Searches wait for their turn: a few at once, one of each asker. */
  readonly searchLog: (
    asker: Caller,
    id: string,
    wanted: SearchWanted,
    which: LogChoice,
    signal: AbortSignal,
  ) => TaskEither<AppError, FoundInLog>;
  readonly watchLog: (
    id: string,
    which?: LogChoice,
  ) => Observable<{ readonly size: number; readonly sealed: boolean }>;

  /** What is not seen is counted, and in nothing else present. */
  readonly queue: (request?: QueueRequest) => TaskEither<AppError, QueueAnswer>;
  /** Depth and waits over time, of the whole installation. */
  readonly queueMeasures: (request: MeasuresRequest) => TaskEither<AppError, QueueMeasures>;
  /** A row per attempt, newest first. Ids of jobs and changes may be unique prefixes of at least 4 characters. */
  readonly history: (filter: HistoryFilter, page: PageRequest) => TaskEither<AppError, Page<HistoryRow>>;
  readonly summariseHistory: (
    filter: HistoryFilter,
    by: SummaryKey,
  ) => TaskEither<AppError, { readonly by: SummaryKey; readonly items: readonly HistorySummary[] }>;
  /** The same reads as of a moment of the past. */
  readonly at: (at: At) => TaskEither<AppError, PastReads>;
  readonly toolchains: () => TaskEither<AppError, ToolchainsView>;
  readonly installation: () => TaskEither<AppError, Installation>;
  /** Throws the projection's view away and folds it again from the first event; answers how many events that took. */
  readonly rebuild: (
    projection: string,
  ) => TaskEither<AppError, { readonly name: string; readonly events: number }>;

  /** `ref` as `isSecretRef` has it; a value that is there is replaced. */
  readonly setSecret: (
    context: CommandContext,
    ref: string,
    value: string,
  ) => TaskEither<AppError, Done<SecretView>>;
  /** Those that the caller is an admin of. */
  readonly listSecrets: (caller: Caller) => TaskEither<AppError, readonly SecretView[]>;
  readonly removeSecret: (
    context: CommandContext,
    ref: string,
  ) => TaskEither<AppError, Done<{ readonly ref: string }>>;
}

/** What can be asked of the past as well as of the present. */
export type Reads = Pick<
  UseCases,
  | 'listChanges'
  | 'showChange'
  | 'listJobs'
  | 'showJob'
  | 'explainJob'
  | 'jobTimeline'
  | 'queue'
  | 'queueMeasures'
  | 'history'
  | 'summariseHistory'
> & {
  /** The past knows only what is recorded; live runners come with their evidence. */
  readonly listRunners: (sight?: RunnerSight) => TaskEither<AppError, readonly RunnerView[]>;
  readonly windowRunners: (
    request: RunnerRequest,
    sight?: RunnerSight,
  ) => TaskEither<AppError, RunnerWindow<RunnerView>>;
  readonly showRunner: (name: string, sight?: RunnerSight) => TaskEither<AppError, RunnerView>;
};

export interface PastReads {
  readonly moment: Moment;
  readonly reads: Reads;
}
