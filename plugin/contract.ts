/** What a host (a pipeline engine) and Baton say to each other. Types only; see docs/write-a-host.md. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  ChangeRef,
  Limits,
  Outcome,
  Retry,
  Row,
  Scope,
  Source,
  Step,
  Workspace,
} from '../src/events/shapes.js';
import type { Instant } from '../src/kernel/time.js';

// ---- loading -------------------------------------------------------------------------------------------------------

/** What a host can do beyond the two calls that every host has. */
export type Capability =
  /** It passes on that somebody cancelled a phase. */
  | 'cancel'
  /** It says when a newer change has taken the place of one. */
  | 'supersede'
  /** `secret` gives the values of its own secrets. */
  | 'secrets'
  /** It mounts `middleware`. */
  | 'http.mount'
  /** `log` takes the output of its jobs. */
  | 'logs.stream';

/** The default export of a plugin's module: data and one factory. */
export interface PluginModule<Options> {
  /** `contract`: the range of contract versions that it understands, e.g. `^1.0`. */
  readonly meta: { readonly name: string; readonly version: string; readonly contract: string };
  /** Missing ones keep the plugin from being loaded. */
  readonly requires: readonly Capability[];
  /** Missing ones are shown by `health`, and nothing else. */
  readonly wants?: readonly Capability[];
  /** The options, else all problems at once. */
  readonly parseOptions: (
    raw: unknown,
  ) => { readonly problems: readonly Problem[] } | { readonly options: Options };
  /** Wires only: no files, no SSH, no timers. */
  readonly register: (host: Host, options: Options) => Promise<Plugin>;
}

export interface Problem {
  /** Where it is, e.g. `promotion.rows[0].filter[1].op`. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** How to mend it. */
  readonly mend?: string;
}

export interface Plugin {
  /** What would keep `start` from working? Changes nothing. */
  readonly verify: () => Promise<readonly Problem[]>;
  /** Opens the store, folds it, asks every runner for what was left there, then accepts. Rejects when it cannot. */
  readonly start: () => Promise<RecoveryReport>;
  /** Answers when what it says is durable, never before; never rejects. May be called while a report is being answered. */
  readonly handle: (command: HostCommand) => Promise<Ack>;
  /** Resolves when everything is closed. May be called again, also with a mode that is quicker. */
  readonly stop: (how: StopOptions) => Promise<void>;
  /** Cheap: from memory. */
  readonly health: () => Health;
  /** The API as a Koa middleware. Mount it before anything that reads bodies. */
  readonly middleware: () => Middleware;
}

/** What was found at the start. */
export interface RecoveryReport {
  /** Phase runs that had not ended, and their jobs; those on runners are followed again, never started again. */
  readonly live: { readonly phaseRuns: number; readonly jobs: number };
  /** Reports that the host has not taken yet. */
  readonly reports: number;
}

export interface StopOptions {
  /**
   * `drain`: nothing new; what lives may end. `cancel`: what lives of this host is cancelled. `detach`: at once. When the
   * deadline has passed, the first two do as the last: jobs go on on their runners and are found again at the next start.
   */
  readonly mode: 'drain' | 'detach' | 'cancel';
  readonly deadlineMs: number;
}

export interface Health {
  readonly ok: boolean;
  readonly state: 'registered' | 'starting' | 'started' | 'stopping' | 'stopped';
  /** One sentence. */
  readonly detail: string;
  readonly live: { readonly phaseRuns: number; readonly jobs: number };
  /** `waiting`: not yet taken by the host; `retried`: of those, the ones that failed at least once. */
  readonly reports: { readonly waiting: number; readonly retried: number };
  /**
   * Jobs with output that the host has not taken: `waiting` all of them, `retried` those of which a batch failed at least once. `givenUp`:
   * since the start, jobs of phases that ended long ago, whose output was too much to be kept in mind for a host that does not take it.
   */
  readonly logs: { readonly waiting: number; readonly retried: number; readonly givenUp: number };
  /** Wanted capabilities that the host does not have. */
  readonly missing: readonly Capability[];
}

/** Who uses the API, as the host knows them. */
export interface HostUser {
  /** Pseudonymous subject id. */
  readonly actor: string;
  readonly role: 'viewer' | 'operator' | 'admin';
}

/** As much of a Koa context as is needed. */
export interface MiddlewareContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Koa's own way to be told that somebody else answers. */
  respond?: boolean;
}

/** Requests that are not for Baton go on to `next`. */
export type Middleware = (ctx: MiddlewareContext, next: () => Promise<unknown>) => Promise<void>;

// ---- host → Baton --------------------------------------------------------------------------------------------------

interface FromHost {
  /** The host's own; a repeat with the same content is a duplicate, with another content it is rejected. */
  readonly commandId: string;
  /** Pseudonymous subject id of the person behind it. */
  readonly actor: string;
  /** What the person gave as reason. */
  readonly reason?: string;
}

/** One phase of a pipeline that is to run now. `hostKey` and `attempt` name it: the same two never run twice. */
export interface Promotion {
  readonly hostKey: string;
  /** 1 when absent: the first. */
  readonly attempt?: number;
  readonly scope: Scope;
  readonly pipeline: string;
  readonly stage: string;
  readonly phase: string;
  /**
   * Fetched by Baton; the commit must be reachable by its name or from `branch`. Absent: the workspace is empty, for hosts
   * whose steps get what they need by themselves.
   */
  readonly source?: Source;
  readonly steps: readonly Step[];
  /** One job each; one that runs anywhere when absent. */
  readonly rows?: readonly Row[];
  /** 10 s of grace and 64 MiB of log when absent. */
  readonly limits?: Partial<Limits>;
  /** Names of secrets; their values are asked for when a job starts. */
  readonly secretRefs?: readonly string[];
  /** Higher goes first; 0 when absent. */
  readonly priority?: number;
  /** Slots that each of its jobs takes on its runner, for heavy ones: 1 to 64; 1 when absent. */
  readonly slots?: number;
  /** When no enrolled runner can ever match; `wait` when absent. */
  readonly whenUnmatchable?: 'wait' | 'fail' | 'expire';
  readonly change?: ChangeRef;
  /** `split`: stdout and stderr are kept apart, and their order is not exact; `merged`, both as one, when absent. */
  readonly output?: 'merged' | 'split';
  /** Always new and empty for each attempt, and gone afterwards, when absent. */
  readonly workspace?: Workspace;
  /**
   * After which ends a job is tried again by itself; not at all when absent. `attempts`: tries in all, the first included; `delayMs`:
   * pause before the next, none when absent; `exitCodes`: of one that failed only after these. Only the last end is reported.
   */
  readonly retry?: Omit<Retry, 'delayMs'> & Partial<Pick<Retry, 'delayMs'>>;
  /**
   * What the configuration of the project says of `job_dispatch`, for an engine that runs projects on Push Jobs, too: with `v1` or
   * `none` the phase is declined, and stays with the engine. Absent: it is for runners.
   */
  readonly jobDispatch?: 'v2' | 'v1' | 'none';
  /** Its jobs may tell of themselves, at an address and with a token of their own, where Baton has a `publicUrl`; they may not when absent. */
  readonly reports?: boolean;
}

export type HostCommand =
  | (FromHost & { readonly type: 'phase.promoted'; readonly promotion: Promotion })
  /** Before, during and after, any number of times. Before the promotion: that then ends cancelled and starts nothing. */
  | (FromHost & { readonly type: 'phase.cancel'; readonly hostKey: string; readonly attempt?: number })
  /** Cancels every phase run of the change that lives now; what is promoted later is not touched. */
  | (FromHost & { readonly type: 'change.superseded'; readonly changeId: string; readonly by: string });

export type Ack =
  /** `duplicate`: known already, nothing was written. `position`: what `?at=` of the API takes. */
  | {
      readonly status: 'accepted' | 'duplicate';
      readonly phaseRunId?: string;
      readonly position?: string;
    }
  /** There was nothing to cancel any more. */
  | { readonly status: 'noop'; readonly why: 'already_finished'; readonly phaseRunId: string }
  /** Not for runners, as the project wants it: the host runs the phase as before. Nothing was written; only with `jobDispatch`. */
  | {
      readonly status: 'declined';
      readonly code: 'not_dispatched_here';
      readonly reason: 'no_job_dispatch' | 'job_dispatch_v1';
      readonly message: string;
      /** How the project is moved to runners. */
      readonly hint: string;
    }
  /** Not now; nothing was written. The same command may come again. */
  | { readonly status: 'busy'; readonly retryAfterMs: number; readonly message: string }
  /** Never; nothing was written. */
  | {
      readonly status: 'rejected';
      readonly code:
        | 'unknown_command'
        | 'invalid'
        | 'same_key_other_body'
        | 'not_started'
        | 'stopping'
        | 'too_large'
        | 'internal';
      readonly message: string;
      readonly problems?: readonly Problem[];
    };

// ---- Baton → host --------------------------------------------------------------------------------------------------

export interface Host {
  readonly capabilities: ReadonlySet<Capability>;
  /** Version of the contract that it speaks, e.g. `1.0.0`. */
  readonly contract: string;
  /** Of the engine itself, e.g. `2.1.0`: rules that say what gets along with the engine are judged by it, and not without. */
  readonly version?: string;
  /**
   * At least once, in order of `seq` for each phase run; phase runs do not wait for each other. `stale`: known already; `gone`:
   * the host has closed the phase run and is told no more of it. A rejection means: again later. `signal` says when the
   * answer is waited for no longer.
   */
  readonly report: (report: Report, how: { readonly signal: AbortSignal }) => Promise<ReportAnswer>;
  /**
   * The output of its jobs, while they run. At least once; for each job in order and one at a time, while jobs do not wait for each other.
   * It begins when `phase.started` was taken, and `phase.finished` comes when the last batch was, unless no batch of the phase run is taken
   * for `logPatienceMs`. `stale`: all of it is known already; `gone`: as for a report, and of the whole phase run. A rejection means: again
   * later. Needs `logs.stream`.
   */
  readonly log?: (batch: LogBatch, how: { readonly signal: AbortSignal }) => Promise<ReportAnswer>;
  /** The value of a secret, asked for when a job starts; it goes to the job and nowhere else. Needs `secrets`. */
  readonly secret?: (ref: string) => Promise<string>;
}

export type ReportAnswer = 'ok' | 'stale' | 'gone';

export type Report = {
  readonly phaseRunId: string;
  readonly hostKey: string;
  readonly attempt: number;
  /** From 1, without gaps; a repeat has the same. */
  readonly seq: number;
  /** When it happened. */
  readonly at: Instant;
} & (
  | { readonly type: 'phase.queued' }
  /** The first job of it started. */
  | { readonly type: 'phase.started'; readonly runner: string }
  /** The last one. `cause` and `exitCode` are those of the job that decided. */
  | {
      readonly type: 'phase.finished';
      readonly outcome: Outcome;
      /** One sentence. */
      readonly cause: string;
      readonly exitCode?: number;
      readonly jobs: readonly JobEnd[];
    }
);

export interface JobEnd {
  readonly jobId: string;
  /** Of its row, as the promotion has it; may be empty where there is one row only. */
  readonly label: string;
  readonly outcome: Outcome;
  readonly cause: string;
  readonly exitCode?: number;
}

/**
 * A piece of one log: of the only output of a try of a job, or of one of the two that are kept apart. A host that keeps the end of what
 * it has, `offset + bytes.length`, knows a repeat by its `offset`; one that comes after a crash may be longer than before.
 */
export interface LogBatch {
  readonly phaseRunId: string;
  readonly hostKey: string;
  /** Of the phase run. */
  readonly attempt: number;
  readonly jobId: string;
  /** Of its row, as the promotion has it; may be empty where there is one row only. */
  readonly label: string;
  /** To which the job was given, the last time that it was. */
  readonly runner?: string;
  /** Which try of the job, from 1. Each has a log of its own, and that of one is told to its end before that of the next. */
  readonly jobAttempt: number;
  readonly output: 'merged' | 'stdout' | 'stderr';
  /** Of its first byte in the log, as `GET /jobs/:id/log` has it: secrets are masked. */
  readonly offset: number;
  /** At most 64 KiB; none only where `final`. Whole lines, unless one is longer than that, or is not ended for a second. */
  readonly bytes: Uint8Array;
  /** `bytes` as UTF-8; what is none became U+FFFD. No character is cut in two. */
  readonly text: string;
  /** Number of the line in which it begins, from 1. */
  readonly line: number;
  /** It goes on in the middle of that line. */
  readonly continues: boolean;
  /** Nothing follows in this log. */
  readonly final: boolean;
  /** Only where `final`: of what the job wrote no more than so many bytes were kept, as the last line of the log says, too. */
  readonly cutAt?: number;
}
