/** Shapes that several events share. */
import * as t from 'io-ts';

/** Object with required and optional members; members that are unknown to this version are kept, not refused. */
export const shape = <R extends t.Props, O extends t.Props>(name: string, required: R, optional: O) =>
  t.intersection([t.type(required), t.partial(optional)], name);

/** May be negative. */
export const Whole = t.refinement(t.number, (n) => Number.isInteger(n), 'Whole');
export const Count = t.refinement(t.number, (n) => Number.isInteger(n) && n >= 0, 'Count');
export const Millis = Count;
export const Bytes = Count;

/**
 * One condition on a runner. `in`: its value is one of `values`; `all`: its list holds all of `values`; `none`: it has none of
 * `values`; `version`: its value is a version within one of `values`, each a range such as `>=7.4 <9`.
 */
export const Clause = t.type(
  {
    key: t.string,
    op: t.keyof({ in: null, all: null, none: null, version: null }),
    values: t.readonlyArray(t.string),
  },
  'Clause',
);
export type Clause = t.TypeOf<typeof Clause>;

/** All clauses must hold; none means any runner. */
export const Filter = t.readonlyArray(Clause, 'Filter');
export type Filter = t.TypeOf<typeof Filter>;

/** One row of a phase's matrix; a phase without a matrix has one row. */
export const Row = t.type({ label: t.string, filter: Filter }, 'Row');
export type Row = t.TypeOf<typeof Row>;

/** Who owns the work: roles and secrets are granted along these three. */
export const Scope = t.type({ enterprise: t.string, organisation: t.string, project: t.string }, 'Scope');
export type Scope = t.TypeOf<typeof Scope>;

/** The change that a phase run belongs to, as the host names it. */
export const ChangeRef = shape(
  'ChangeRef',
  { id: t.string, title: t.string },
  {
    patchset: Count,
    url: t.string,
    /** It takes part as a consumer in the Union of the change with this id. */
    unionOf: t.string,
  },
);
export type ChangeRef = t.TypeOf<typeof ChangeRef>;

/** A job, and the phase run that it belongs to. */
export const JobRef = t.type({ phaseRunId: t.string, jobId: t.string }, 'JobRef');
export type JobRef = t.TypeOf<typeof JobRef>;

/** Exact commit of a git repository; `merge` tells what it is the merge of. */
export const Source = shape(
  'Source',
  { kind: t.literal('git'), repository: t.string, sha: t.string },
  { branch: t.string, merge: t.type({ target: t.string, targetSha: t.string, branchSha: t.string }) },
);
export type Source = t.TypeOf<typeof Source>;

/** One command line for `sh`, run in the root of the source. */
export const Step = t.type({ name: t.string, run: t.string }, 'Step');
export type Step = t.TypeOf<typeof Step>;

/** Limits of one job; an absent one does not apply. */
export const Limits = shape(
  'Limits',
  { cancelGraceMs: Millis, logBytes: Bytes },
  { queueMs: Millis, startMs: Millis, totalMs: Millis, silenceMs: Millis },
);
export type Limits = t.TypeOf<typeof Limits>;

/**
 * After which ends the same job is tried again by itself, as its next attempt. `attempts`: tries in all, the first included;
 * `delayMs`: pause before the next. What the infrastructure failed is tried again anyway and does not count here.
 */
export const Retry = shape(
  'Retry',
  {
    attempts: Count,
    on: t.readonlyArray(t.keyof({ failed: null, timed_out: null, lost: null }, 'RetryCause')),
    delayMs: Millis,
  },
  {
    /** Of a job that failed: only after one of these. Absent: after any. */
    exitCodes: t.readonlyArray(Count),
  },
);
export type Retry = t.TypeOf<typeof Retry>;

/**
 * What becomes of the folder in which a job works. It is always new and empty for each attempt. `keep`: whether it stays on the
 * runner afterwards, for `keepMs`; `cache`: name of a folder that jobs of the project find again on the same runner;
 * `freeBytes`: the job does not start on a runner whose disk has less; `home`: HOME is a folder that jobs of the project find again
 * on the same slot of the runner.
 */
export const Workspace = t.partial(
  {
    keep: t.keyof({ never: null, on_failure: null, always: null }),
    keepMs: Millis,
    cache: t.string,
    freeBytes: Bytes,
    home: t.literal('kept'),
  },
  'Workspace',
);
export type Workspace = t.TypeOf<typeof Workspace>;

/** How what a job writes is kept: both outputs as one in the order of writing, or each by itself. Absent where it stands: `merged`. */
export const OutputForm = t.keyof({ merged: null, split: null }, 'OutputForm');
export type OutputForm = t.TypeOf<typeof OutputForm>;

/**
 * The four keys that the original matches on, and the machine's own name; read from the machine. `toolchains`: name → version of the
 * configured ones that are installed, as the machine's package manager writes it; absent: nobody looked.
 */
export const Attributes = t.partial(
  {
    os: t.string,
    platform: t.string,
    platform_family: t.string,
    platform_version: t.string,
    hostname: t.string,
    kernel: t.string,
    architecture: t.string,
    toolchains: t.record(t.string, t.string),
  },
  'Attributes',
);
export type Attributes = t.TypeOf<typeof Attributes>;

/** How a job ended. The seven are never folded into one "failed". */
export const Outcome = t.keyof(
  {
    succeeded: null,
    failed: null,
    cancelled: null,
    timed_out: null,
    lost: null,
    expired: null,
    undeliverable: null,
  },
  'Outcome',
);
export type Outcome = t.TypeOf<typeof Outcome>;

/**
 * A process that outlived KILL, or could not be signalled. With `startTime` (clock ticks after boot), `bootId` and `pidNamespace`
 * it can be looked for later; a pid alone may have been given to another.
 */
export const Survivor = shape(
  'Survivor',
  { pid: Count },
  { command: t.string, startTime: t.string, bootId: t.string, pidNamespace: t.string },
);
export type Survivor = t.TypeOf<typeof Survivor>;

/** How the processes of an attempt are held together. */
export const Containment = t.keyof({ group: null, nets: null }, 'Containment');
export type Containment = t.TypeOf<typeof Containment>;

/** What was done to end an attempt, and what came of it. `never_started`: nothing ran; `revoked`: claimed, but kept from running. */
export const EndEvidence = shape(
  'EndEvidence',
  { how: t.keyof({ never_started: null, revoked: null, signalled: null, already_ended: null }) },
  {
    signals: t.readonlyArray(t.string),
    exitCode: Count,
    survivors: t.readonlyArray(Survivor),
    detail: t.string,
    /** How the processes of the attempt were found: `group`, nothing can hide; `nets`, by session, environment and workspace. */
    containment: Containment,
  },
);
export type EndEvidence = t.TypeOf<typeof EndEvidence>;

/** One sealed output of an attempt, `log` or of two kept apart `stdout` and `stderr`: what the job wrote (`source`) and what is kept (`stored`). Digests are lower-case hex. */
export const SealedOutput = t.type(
  {
    name: t.string,
    sourceBytes: Bytes,
    sourceSha256: t.string,
    storedBytes: Bytes,
    storedSha256: t.string,
    truncated: t.boolean,
  },
  'SealedOutput',
);
export type SealedOutput = t.TypeOf<typeof SealedOutput>;
