/** What the application needs from outside. Each port has one contract suite under test/contract. */
import type { Either } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { OutputName } from '../domain/output.js';
import type { Attributes, Containment, SealedOutput, Source, Survivor } from '../events/shapes.js';
import type { MergeObstacle } from '../events/promotion.js';
import type { Finding, RunnerAuth } from '../events/runner.js';
import type { Metadata, Position, RawEvent, Recorded } from '../kernel/recorded.js';
import type { Instant } from '../kernel/time.js';
import type { AppError } from './errors.js';

// ---- event store -------------------------------------------------------------------------------------------------

export interface NewEvent {
  /** UUID; equal ids at the expected place make an append a repeat, answered with the original result. */
  readonly id: string;
  readonly event: RawEvent;
  readonly metadata: Metadata;
}

/** Baton itself uses `no_stream` or an exact revision only; the others exist for parity with EventStoreDB. */
export type ExpectedRevision = 'any' | 'no_stream' | 'stream_exists' | number;

export interface Appended {
  readonly revision: number;
  /** Position of the last event written. */
  readonly position: Position;
}

export type StoreError =
  | {
      readonly code: 'wrong_expected_revision';
      readonly stream: string;
      readonly expected: ExpectedRevision;
      readonly current: number | 'no_stream';
    }
  | { readonly code: 'stream_not_found'; readonly stream: string }
  /** The whole append: data, metadata and types, limit 1,048,576 bytes. */
  | { readonly code: 'append_too_large'; readonly sizeBytes: number; readonly limitBytes: number }
  /** Not done, or outcome unknown: retry with the same event ids is safe. `why` is a stable word, e.g. disk_full, io, closed. */
  | {
      readonly code: 'store_unavailable';
      readonly why: string;
      readonly message: string;
      readonly cause?: unknown;
    };

/** Only events whose stream name, or type, starts with one of the prefixes. */
export interface StoreFilter {
  readonly streamPrefixes?: readonly string[];
  readonly typePrefixes?: readonly string[];
}

export interface ReadOptions {
  readonly direction?: 'forwards' | 'backwards';
  readonly maxCount?: number;
}

/** Marker on a subscription: everything up to here has been given. A hint, possibly repeated. */
export interface CaughtUp {
  readonly caughtUp: true;
}

export interface EventStore {
  readonly append: (
    stream: string,
    events: readonly NewEvent[],
    expected: ExpectedRevision,
  ) => TaskEither<StoreError, Appended>;
  /** Inclusive start. Backwards with no `from` starts at the end. */
  readonly readStream: (
    stream: string,
    options?: ReadOptions & { readonly from?: number },
  ) => TaskEither<StoreError, readonly Recorded<RawEvent>[]>;
  /** One page; inclusive start. `maxCount` counts events that the filter lets through, 500 when absent. */
  readonly readAll: (
    from: Position | 'start' | 'end',
    options?: ReadOptions & { readonly filter?: StoreFilter },
  ) => TaskEither<StoreError, readonly Recorded<RawEvent>[]>;
  /** The last event that the filter lets through. */
  readonly head: (filter?: StoreFilter) => TaskEither<StoreError, Recorded<RawEvent> | undefined>;
  /** Exclusive start. Cold: subscribes when subscribed to. Ends with an error when the store is closed or fails. */
  readonly subscribe: (
    from: Position | 'start',
    filter?: StoreFilter,
  ) => Observable<Recorded<RawEvent> | CaughtUp>;
  /** Later reads see only the last `n` events of the stream (`$maxCount`). */
  readonly keepLast: (stream: string, n: number) => TaskEither<StoreError, void>;
  readonly close: () => Promise<void>;
}

// ---- runners -----------------------------------------------------------------------------------------------------

/** Everything needed to reach a runner; made from its events. */
export interface RunnerTarget {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly auth: RunnerAuth;
  /** Accepted host keys, `SHA256:…`. Empty: none is accepted, and the found one is told. */
  readonly hostKeys: readonly string[];
  /** Baton's folder there; relative to the home of `user` unless absolute. */
  readonly base: string;
  /** The slot whose own account this is; absent: the account is that of all slots. */
  readonly slot?: number;
  /** The host to go through. The same key or agent proves us there. */
  readonly jump?: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly hostKeys: readonly string[];
  };
}

export type TransportCode =
  | 'name_not_found'
  | 'refused'
  | 'timed_out'
  | 'unreachable'
  | 'host_key_unknown'
  | 'host_key_changed'
  | 'permission_denied'
  | 'no_usable_shell'
  | 'workspace_not_writable'
  | 'disk_full'
  | 'missing_tool'
  /** The link was lost: nothing is known of the job until it is asked again. */
  | 'connection_lost'
  /** No free channel: try again later, not a failure of the job. */
  | 'back_pressure'
  | 'no_key'
  /** The jump host lets us in, but does not let us through. */
  | 'forwarding_refused'
  | 'closed'
  | 'protocol';

export interface TransportError {
  readonly code: TransportCode;
  /** One sentence with host and port, what was expected and found, and the way out. */
  readonly message: string;
  /** For host_key_unknown and host_key_changed. */
  readonly fingerprint?: string;
  /** It happened at the jump host, before the runner itself was reached. */
  readonly hop?: 'jump';
  readonly cause?: unknown;
}

export interface ProbeReport {
  readonly attributes: Attributes;
  readonly findings: readonly Finding[];
  readonly baseId: string;
  readonly bootId: string;
  /** Round trip on the open connection. */
  readonly latencyMs: number;
  /** Load of the machine over the last minute. */
  readonly load?: number;
  /** Seconds since 1970 on the machine's clock, read as the probe ran. */
  readonly epochSeconds?: number;
  /** How many sessions at once one connection may hold: of those asked for, so many were opened. Only from `probe`. */
  readonly sessions?: { readonly asked: number; readonly opened: number };
  /** Attempts, `<jobId>.<attempt>`, that ended there more than a day ago and were not tidied up; some of them when there are many. */
  readonly leftBehind?: readonly string[];
}

/** Names an attempt on the runner: `<jobId>.<attempt>`. */
export interface AttemptRef {
  readonly jobId: string;
  readonly attempt: number;
}

/** One output of an attempt: of two that are kept apart the one named, or what it reported; else the only one. */
export interface OutputRef extends AttemptRef {
  readonly output?: OutputName;
}

/** A tar, and a name for what is in it. */
export interface Archive {
  readonly key: string;
  readonly tarFile: string;
}

export interface StartOrder extends AttemptRef {
  readonly fence: number;
  /** What `JobAssigned` recorded; a runner that is another one now answers `runner_changed` and starts nothing. */
  readonly baseId: string;
  readonly bootId: string;
  /** Text for `sh`; runs in the workspace, which holds the unpacked source. */
  readonly script: string;
  /** Set in the job's environment; values travel as data. Names match [A-Za-z_][A-Za-z0-9_]*. */
  readonly environment: Readonly<Record<string, string>>;
  /** A tar of the tree, sent once per runner and `key` (the commit). */
  readonly source?: Archive;
  /** Absent: no limit. */
  readonly totalMs?: number;
  /** How long it may write nothing. Absent: as long as it likes. */
  readonly silenceMs?: number;
  readonly cancelGraceMs: number;
  /** Of each output. */
  readonly logBytes: number;
  /** Whether the outputs are kept apart, as `stdout` and `stderr`. */
  readonly split?: boolean;
  /** For the job to read, in a file that only its account may read: BATON_JOB_FILE. Absent: there is none. */
  readonly facts?: string;
  /** Whether the workspace stays after `cleanUp`, and for how long; seconds are counted. Absent: it goes. */
  readonly keep?: { readonly when: 'on_failure' | 'always'; readonly ms: number };
  /** Names a folder, BATON_CACHE, that every job finds again which names the same. A plain word. */
  readonly cache?: string;
  /** Names a folder, HOME, that is found again too, by one job at a time. A plain word; absent: HOME is that of the account. */
  readonly home?: string;
  /** With less room on the disk nothing is started, nor claimed: `not_started`, `disk_low`. Asked at most once a minute. */
  readonly freeBytes?: number;
}

/** What the runner knows of an attempt. `logSize`: bytes of its log, or of its `stdout`; `errSize`: of its `stderr`, if that is kept apart. */
export type AttemptState =
  | { readonly state: 'absent'; readonly baseId: string; readonly bootId: string }
  /** Claimed, not yet started: wait or revoke. */
  | { readonly state: 'claimed' }
  /** Kept from ever starting. */
  | { readonly state: 'revoked' }
  | {
      readonly state: 'running';
      readonly pid: number;
      readonly startTime: string;
      readonly bootId: string;
      readonly logSize: number;
      readonly errSize?: number;
    }
  /** Its supervisor is gone, the job lives on. */
  | {
      readonly state: 'orphan';
      readonly pid: number;
      readonly startTime: string;
      readonly bootId: string;
      readonly logSize: number;
      readonly errSize?: number;
    }
  | {
      readonly state: 'done';
      readonly result: AttemptResult;
      readonly logSize: number;
      readonly errSize?: number;
      readonly started?: { readonly pid: number; readonly startTime: string; readonly bootId: string };
    }
  /** Started once; neither alive nor with a valid result (reboot, supervisor and job killed). */
  | {
      readonly state: 'lost';
      readonly why: string;
      readonly logSize: number;
      readonly errSize?: number;
      /** It was ended on purpose, to the end; only its supervisor was not there to say so. */
      readonly ended?: AttemptEnding;
    }
  /** Collected and cleaned up before. */
  | { readonly state: 'tombstone' };

/** Who ended an attempt, and how. */
export type AttemptEnding = Pick<AttemptResult, 'signals' | 'survivors' | 'containment'> & {
  readonly why: 'cancel' | 'timeout' | 'silence';
};

/** From the result line, which counts only with its end mark. `why` decides, not the exit code. */
export interface AttemptResult {
  readonly exitCode: number;
  readonly why: 'exit' | 'cancel' | 'timeout' | 'silence' | 'leftover' | 'infrastructure';
  readonly logTruncated: boolean;
  /** Of `stderr`, if that is kept apart. */
  readonly errTruncated?: boolean;
  /** Signals sent by the runner to end it, in order. */
  readonly signals: readonly string[];
  readonly survivors: readonly Survivor[];
  /** Absent when nothing had to be ended. */
  readonly containment?: Containment;
}

export type StartAnswer =
  | { readonly kind: 'started'; readonly pid: number; readonly startTime: string; readonly bootId: string }
  /** Somebody claimed this attempt before: follow what is there. */
  | { readonly kind: 'exists'; readonly state: AttemptState }
  | { readonly kind: 'stale_fence'; readonly highest: number }
  | { readonly kind: 'runner_changed'; readonly baseId: string; readonly bootId: string }
  /** Claimed, but could not be prepared (disk full, source not unpacked): no job ran, nor will. */
  | { readonly kind: 'not_started'; readonly why: string; readonly message: string };

/** `bytes` are the source's, from `offset` on without a gap; `ended` comes once, when all bytes of this output have been given. */
export type AttemptSignal =
  | { readonly kind: 'bytes'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'ended'; readonly state: AttemptState };

export interface CancelAnswer {
  /** `signalled`: being ended, the result line will tell; `revoked`: will never start; `ended`: there was nothing to end. */
  readonly kind: 'signalled' | 'revoked' | 'ended';
}

export interface RevokeAnswer {
  /** `revoked`: will never start; `started`: too late, and left alone; `ended`: there was nothing to keep back; `runner_changed`: nothing is known. */
  readonly kind: 'revoked' | 'started' | 'ended' | 'runner_changed';
}

/** What tells a process from all others, for ever. */
export type ProcessName = Required<Pick<Survivor, 'pid' | 'startTime' | 'bootId' | 'pidNamespace'>>;
export type ProcessFate = 'alive' | 'gone' | 'unknown';

export interface RunnerTransport {
  /** Connects anew, so that the answer is about now. */
  readonly probe: (target: RunnerTarget) => TaskEither<TransportError, ProbeReport>;
  /** The same look over the open connection; one is opened, and kept, when there is none. */
  readonly check: (target: RunnerTarget) => TaskEither<TransportError, ProbeReport>;
  readonly start: (target: RunnerTarget, order: StartOrder) => TaskEither<TransportError, StartAnswer>;
  readonly query: (target: RunnerTarget, attempt: AttemptRef) => TaskEither<TransportError, AttemptState>;
  /** Pull-based, so a slow reader slows the source. Throws TransportError when the link is lost. */
  readonly follow: (
    target: RunnerTarget,
    output: OutputRef,
    fromOffset: number,
    signal: AbortSignal,
  ) => AsyncIterable<AttemptSignal>;
  /** TERM to the tree, grace, KILL: carried out on the runner even when the link is lost meanwhile. Safe to repeat. */
  readonly cancel: (
    target: RunnerTarget,
    attempt: AttemptRef,
    graceMs: number,
  ) => TaskEither<TransportError, CancelAnswer>;
  /** Keeps an attempt from starting and touches nothing that has started; the runner must be the one of the assignment. Safe to repeat. */
  readonly revoke: (
    target: RunnerTarget,
    attempt: AttemptRef & { readonly baseId: string; readonly bootId: string },
  ) => TaskEither<TransportError, RevokeAnswer>;
  /** Removes the attempt's files and leaves a tombstone, so that a late duplicate start still finds it taken. */
  readonly cleanUp: (target: RunnerTarget, attempt: AttemptRef) => TaskEither<TransportError, void>;
  /** In their order. `unknown`: it cannot be seen from here, since it counts in another namespace. */
  readonly alive: (
    target: RunnerTarget,
    processes: readonly ProcessName[],
  ) => TaskEither<TransportError, readonly ProcessFate[]>;
  /**
   * Which accounts a runner has from now on: one for each of `slots`, or, where undefined, one for all. Ends our connections to others
   * at once where nothing is going on, else when that has ended; settled when those at once are closed.
   */
  readonly keep: (name: string, slots: number | undefined) => Promise<void>;
  readonly close: () => Promise<void>;
}

// ---- logs --------------------------------------------------------------------------------------------------------

export type LogError = {
  readonly code: 'log_store';
  readonly why: string;
  readonly message: string;
  readonly cause?: unknown;
};

/** Writer of one output of an attempt. One at a time; writes are positional, so a second one with the same bytes is harmless. */
export interface LogWriter {
  /** Stored so far: where to go on in the source. With masking it may be less than was written. */
  readonly offsets: () => { readonly source: number; readonly stored: number };
  /** Nothing more can be stored: what the source gives is known, or lies beyond a limit. */
  readonly isSealed: () => boolean;
  /** `sourceOffset` must not be beyond what was written; bytes before that are dropped as repeats. */
  readonly write: (sourceOffset: number, bytes: Buffer) => TaskEither<LogError, void>;
  /**
   * Whether `source`, from its first byte, gives what is stored from byte `from` on: one of the two may go on where the other
   * ends.
   */
  readonly goesOn: (source: Buffer, from: number) => TaskEither<LogError, boolean>;
  /**
   * Flushes to disk and seals; later writes are refused. `truncated`: the runner cut it at the cap. A log that was cut, there or
   * here, ends with a line that says so, which is stored and no part of the source.
   */
  readonly seal: (truncated: boolean) => TaskEither<LogError, SealedOutput>;
  readonly close: () => Promise<void>;
}

/** How an output is to be written. */
export interface LogTerms {
  /** Source bytes from here on are not stored, whatever the runner holds; absent: no limit. */
  readonly limitBytes?: number;
  /** Source bytes below this were written before they could be collected, so nobody saw when; absent: none. */
  readonly lateBelow?: number;
  /** Nothing can have been stored of it yet, so nothing is looked for. */
  readonly isNew?: boolean;
}

/** Where one line of a stored log is, and when it came. */
export interface LogLine {
  /** From 1. */
  readonly line: number;
  /** Of its first byte in the log. */
  readonly offset: number;
  /** In bytes, without the line feed. */
  readonly length: number;
  /** When the server received its first byte, to about 100 ms; absent where that is no longer known. */
  readonly receivedAt?: Instant;
  /** It was written some time before that, while the runner was not reached or the server was down. */
  readonly collectedLate?: true;
  /** What it says, where that was asked for: decoded as UTF-8, without its line feed, and only its beginning where it is `cut`. */
  readonly text?: string;
  /** It goes on behind `text`. */
  readonly cut?: true;
}

/** Lines of a stored log as they were asked for. */
export interface FoundLines {
  readonly items: readonly LogLine[];
  /** How many there are now. */
  readonly lines: number;
  /** Those that were asked for as well, whose texts would have made the answer too large. */
  readonly omitted?: { readonly from: number; readonly count: number };
}

/** What is looked for in a log: the text itself, or what an expression matches. */
export interface SearchWanted {
  /** 1 character or more, no line feed. */
  readonly text: string;
  /** `text` is a regular expression. It never reaches an engine that goes back and tries again. */
  readonly regex?: boolean;
  /** False: letters are compared by their lower case, one by one; of an expression, by Unicode's simple case folding. */
  readonly caseSensitive: boolean;
  /** Lines from this number on are told; counted are all. */
  readonly from: number;
  /** At most so many. */
  readonly limit: number;
}

/** A line in which something was found. Columns and lengths are UTF-16 units of its text without escape sequences. */
export interface LogMatch {
  readonly line: number;
  /** Of its first byte in the log. */
  readonly offset: number;
  /** From column `column` on, with the first match in it; the whole line unless it is `cut`. */
  readonly text: string;
  readonly column: number;
  /** Where the matches are in `text`: from, and before which. */
  readonly columns: readonly (readonly [number, number])[];
  /** How many there are in the whole line. */
  readonly matches: number;
  readonly cut?: true;
}

export interface LogMatches {
  readonly items: readonly LogMatch[];
  /** Of the whole log, whatever is in `items`. */
  readonly total: { readonly lines: number; readonly matches: number };
  /** Where to ask on: present when more lines match than were told. */
  readonly next?: number;
  /** So many lines are so long that an expression saw the beginning of them only; absent: none. */
  readonly cutLines?: number;
}

/** Why an expression cannot be used, in words. */
export interface ExpressionProblem {
  /** What is there, at which character, and what is wrong with it. */
  readonly found: string;
  readonly mend: string;
}

export interface LogStore {
  /** `secrets`: values that are masked before anything is stored; the same each time that the log is opened to be written. */
  readonly open: (
    output: OutputRef,
    secrets: readonly string[],
    terms?: LogTerms,
  ) => TaskEither<LogError, LogWriter>;
  /** At most `maxBytes` from byte `from`; `size` is what is stored now; `sealed`: nothing will follow. */
  readonly read: (
    output: OutputRef,
    from: number,
    maxBytes: number,
  ) => TaskEither<LogError, { readonly bytes: Buffer; readonly size: number; readonly sealed: boolean }>;
  /**
   * At most `count` lines from number `from` on, -1 being the last one. What has no line feed yet is a line as well. With `texts` what they say,
   * bounded: of those that are too much the first are omitted when it was asked from the end, else the last.
   */
  readonly lines: (
    output: OutputRef,
    from: number,
    count: number,
    texts?: boolean,
  ) => TaskEither<LogError, FoundLines & { readonly size: number; readonly sealed: boolean }>;
  /** Undefined: the expression can be used. */
  readonly expressionProblem: (
    text: string,
    caseSensitive: boolean,
  ) => TaskEither<LogError, ExpressionProblem | undefined>;
  /** The first `size` bytes were searched. Stops soon after the signal: `aborted`; an expression that takes too long: `search_too_long`. */
  readonly search: (
    output: OutputRef,
    wanted: SearchWanted,
    signal: AbortSignal,
  ) => TaskEither<LogError, LogMatches & { readonly size: number; readonly sealed: boolean }>;
  /** Emits when the log has grown or is sealed; at once on subscription. */
  readonly watch: (output: OutputRef) => Observable<{ readonly size: number; readonly sealed: boolean }>;
}

// ---- secrets, source ---------------------------------------------------------------------------------------------

export interface SecretStore {
  readonly put: (ref: string, value: string) => TaskEither<AppError, void>;
  readonly get: (ref: string) => TaskEither<AppError, string | undefined>;
  readonly remove: (ref: string) => TaskEither<AppError, void>;
  /** A digest that only the holder of the operator key can compute: tells equal texts apart from others, and no more. */
  readonly digest: (text: string) => string;
  /** As `digest`, but never shown to anybody but who is to prove by it that he was given it: a token for what the text names. */
  readonly sign: (text: string) => string;
}

/** Where a merge ended up. `refused`: the target is certainly not it, nor will it be without another try. */
export type Landing =
  | { readonly kind: 'landed' }
  | { readonly kind: 'refused'; readonly why: MergeObstacle; readonly detail: string };

export interface SourceProvider {
  /** Fetches `branch` and `target`, merges them without a work tree; the answer names exact commits. Reason `merge_conflict` lists the files. */
  readonly resolve: (request: {
    readonly repository: string;
    readonly branch: string;
    readonly target: string;
  }) => TaskEither<AppError, { readonly source: Source; readonly title: string }>;
  /** The branch of `patchset`, at exactly the commit that it names, merged into the target as it is now. Reason `merge_conflict` lists the files. */
  readonly merge: (patchset: Source) => TaskEither<AppError, Source>;
  /**
   * Makes `merge.sha` the tip of the target if that still is `merge.merge.targetSha`, else leaves it. Looks at the refs
   * before and after, so it may be asked again after a crash. A failure means: not known, ask again.
   */
  readonly land: (merge: Source) => TaskEither<AppError, Landing>;
  /** Removes the branch if it still is what was merged. False: it is there, or that is not known. */
  readonly dropBranch: (merge: Source) => TaskEither<AppError, boolean>;
  /** Text of a file at that commit; undefined when there is none. */
  readonly readFile: (source: Source, path: string) => TaskEither<AppError, string | undefined>;
  /** A tar of the tree at that commit, kept by sha. */
  readonly archive: (source: Source) => TaskEither<AppError, Archive>;
  /**
   * Present where runners get their source by their own git: text for a job's script, before its steps, and the variables that
   * it reads. Then nothing is packed.
   */
  readonly clone?: (
    source: Source,
  ) => TaskEither<
    AppError,
    { readonly script: string; readonly environment: Readonly<Record<string, string>> }
  >;
}

export type Result<A> = Either<AppError, A>;
