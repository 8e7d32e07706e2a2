/** One attempt on its runner, from start or re-discovery to its recorded end. Safe to begin anew at any point. */
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import type { JobSecrets } from '../app/job-secrets.js';
import type {
  Archive,
  AttemptRef,
  AttemptState,
  LogStore,
  LogTerms,
  LogWriter,
  OutputRef,
  RunnerTarget,
  RunnerTransport,
  SourceProvider,
  StartAnswer,
  TransportError,
} from '../app/ports.js';
import type { AttemptPlace } from '../app/runner-target.js';
import type { JobCommand } from '../domain/job.js';
import { outputsOf } from '../domain/output.js';
import { verdictOf, verdictOfEnding } from '../domain/outcome.js';
import type { Probed } from '../domain/runner-probe.js';
import type { JobAssigned } from '../events/job.js';
import type { PhasePromoted } from '../events/phase-run.js';
import type { SealedOutput } from '../events/shapes.js';
import type { Position } from '../kernel/recorded.js';
import { attemptSecrets } from './attempt-secrets.js';
import type { DriveAttempt } from './commands.js';
import { asTransportError, BEFORE_ANYTHING, LinkError, orThrow, probeOf } from './link.js';
import { environmentOf, factsOf, scriptOf } from './script.js';
import { together } from './together.js';
import { placeOf } from './workspace.js';

/** What is recorded of an attempt: everything that a start needs. */
export interface AttemptFacts {
  readonly promoted: PhasePromoted;
  readonly phaseRunId: string;
  readonly assigned: JobAssigned;
  /** Place of that event in the store. */
  readonly assignedAt: Position;
  readonly started: boolean;
  /** False when the job has ended or moved on to another attempt: nothing is to be done. */
  readonly current: boolean;
}

export interface PerformDeps {
  readonly transport: RunnerTransport;
  readonly logs: LogStore;
  readonly source: SourceProvider;
  readonly secrets: JobSecrets;
  readonly facts: (jobId: string, attempt: number) => Promise<E.Either<AppError, AttemptFacts>>;
  readonly targetOf: (place: AttemptPlace) => Promise<E.Either<AppError, RunnerTarget>>;
  /** Records a command on the job; false when it was refused (the job moved on without us). */
  readonly record: (jobId: string, attempt: number, command: JobCommand) => Promise<boolean>;
  readonly recordProbe: (runner: string, probe: Probed) => Promise<void>;
  /** Room that a job wants on the disk of its runner, where its phase does not say it. */
  readonly minFreeBytes: number;
  readonly onProblem: (message: string, cause: unknown) => void;
}

export interface DriveDeps extends PerformDeps {
  /** True while somebody keeps the attempt from starting because it took too long: then it is theirs to tell. */
  readonly isRevoking: (attempt: AttemptRef) => boolean;
}

/** How to wait for what does not come at once; both give up when `signal` aborts. */
export interface Patience {
  readonly insist: <Err, A>(what: string, task: () => Promise<E.Either<Err, A>>) => Promise<A | undefined>;
  readonly pause: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Everything needed to reach the runner that the attempt was given to; undefined: we are closed. */
export const targetOfAttempt = (
  { targetOf }: Pick<PerformDeps, 'targetOf'>,
  insist: Patience['insist'],
  { assigned: { runner, slot }, assignedAt }: AttemptFacts,
): Promise<RunnerTarget | undefined> =>
  insist('reading the runner', () => targetOf({ runner, slot, assignedAt }));

/** Waits between tries; the last one stays. */
export const BACK_OFF_MS = [100, 250, 500, 1000, 2000, 5000, 10_000, 30_000];

type Step = 'done' | 'ask' | 'wait';

interface ProcessOnRunner {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** How much the runner has of each output. */
interface Sizes {
  readonly logSize?: number;
  readonly errSize?: number;
}

/** One output, complete. */
interface Collected {
  readonly state: AttemptState;
  readonly sealed: SealedOutput;
}

/** Whether the runner cut this output at the limit. */
const wasCut = (state: AttemptState, { output }: OutputRef): boolean =>
  state.state === 'done' &&
  (output === 'stderr' ? state.result.errTruncated === true : state.result.logTruncated);

/** A job that has not ended after this is shown as running. */
const SHORT_JOB_MS = 50;

const lostDetail = (runner: string, why: string): string => {
  switch (why) {
    case 'vanished':
      return `The runner ${runner} no longer knows the attempt, although it had started there.`;
    case 'runner_changed':
      return `The runner ${runner} was restarted or its folder was replaced while the start was under way; whether the job ran cannot be known.`;
    case 'collected':
      return `The runner ${runner} says that the attempt was collected before, but no result was recorded.`;
    default:
      return `The attempt on ${runner} ended without a result (${why}); whether the job finished its work cannot be known.`;
  }
};

interface Brought {
  readonly archive?: Archive;
  /** Text before the steps of the job, and the variables that it reads. */
  readonly before?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** How the commit comes into the workspace: sent there, or fetched there by the job itself. */
const bring = async (
  provider: SourceProvider,
  source: PhasePromoted['source'],
): Promise<E.Either<AppError, Brought>> => {
  if (source === undefined) return E.right({});
  if (provider.clone === undefined)
    return E.map((archive: Archive) => ({ archive }))(await provider.archive(source)());
  return E.map(({ script, environment }: { script: string; environment: Record<string, string> }) => ({
    ...{ before: script, variables: environment },
  }))(await provider.clone(source)());
};

export const driveAttempt = async (
  deps: DriveDeps,
  { insist, pause, signal }: Patience,
  { jobId, attempt, runner, fresh }: DriveAttempt,
): Promise<void> => {
  const { transport, logs, record } = deps;
  const closed = (): boolean => signal.aborted;
  const ref: AttemptRef = { jobId, attempt };
  const secrets = attemptSecrets(deps, insist, ref);
  let promoted: PhasePromoted | undefined;
  /** Whatever is said but a start is an end of the attempt. */
  const say = async (command: JobCommand): Promise<boolean> => {
    if (promoted !== undefined && command.kind !== 'RecordStarted') await secrets.forget(promoted);
    return record(jobId, attempt, command);
  };
  let mayStart = fresh;
  /** Nobody has collected anything of it. */
  let isNew = fresh;
  let unreachable = false;
  let failures = 0;
  let claimedSeen = 0;
  let asked = 0;

  /** Bytes of one output up to its end. */
  const collectOne = async (
    target: RunnerTarget,
    output: OutputRef,
    masked: readonly string[],
    terms: LogTerms,
    until: AbortSignal,
  ): Promise<Collected | undefined> => {
    const writer = await insist<unknown, LogWriter>('opening the log', logs.open(output, masked, terms));
    if (writer === undefined) return undefined;
    try {
      for await (const item of transport.follow(target, output, writer.offsets().source, until)) {
        if (item.kind === 'bytes') {
          // it was sealed before a crash, and what comes now lies beyond the limit
          if (writer.isSealed()) continue;
          const written = await insist('writing the log', writer.write(item.offset, item.bytes));
          if (written === undefined && closed()) return undefined;
        } else {
          const sealed = await insist('sealing the log', writer.seal(wasCut(item.state, output)));
          return sealed === undefined ? undefined : { state: item.state, sealed };
        }
      }
      return undefined;
    } finally {
      await writer.close();
    }
  };

  /** All outputs up to their end; the state that the attempt ended in, or undefined when the link was lost. */
  const collect = async (
    target: RunnerTarget,
    thereBefore: Sizes,
  ): Promise<{ readonly state: AttemptState; readonly outputs: readonly SealedOutput[] } | undefined> => {
    if (promoted === undefined) return undefined;
    const masked = await secrets.masked(promoted);
    if (masked === undefined) return undefined;
    const terms = { limitBytes: promoted.limits.logBytes, isNew };
    isNew = false;
    const [first, ...others] = await together(signal, outputsOf(promoted.output), (output, until) => {
      const lateBelow = (output === 'stderr' ? thereBefore.errSize : thereBefore.logSize) ?? 0;
      const one = output === undefined ? ref : { ...ref, output };
      return collectOne(target, one, masked, { ...terms, lateBelow }, until);
    });
    // all of them have ended, so each tells the same
    return first === undefined
      ? undefined
      : { state: first.state, outputs: [first, ...others].map(({ sealed }) => sealed) };
  };

  /**
   * `thereBefore`: bytes that the runner had before anybody here could have seen them come. The start of a short
   * job is recorded with its end: one write instead of two.
   */
  const finish = async (
    target: RunnerTarget,
    { thereBefore = {}, started }: { readonly thereBefore?: Sizes; readonly started?: ProcessOnRunner } = {},
  ): Promise<Step> => {
    const collecting = collect(target, thereBefore);
    if (started !== undefined) {
      const over = collecting.then(
        () => true,
        () => true,
      );
      if (!(await Promise.race([over, pause(SHORT_JOB_MS).then(() => false)])))
        await say({ kind: 'RecordStarted', attempt, ...started });
    }
    const end = await collecting;
    if (end === undefined) return 'ask';
    const { state, outputs } = end;
    switch (state.state) {
      case 'done': {
        const { result } = state;
        await say({
          kind: 'FinishJob',
          attempt,
          verdict: verdictOf(result),
          outputs,
          ...(state.started === undefined ? {} : { started: state.started }),
          ...(result.why === 'infrastructure'
            ? { detail: `The runner ${runner} could not run the job (code ${result.exitCode}).` }
            : {}),
        });
        break;
      }
      case 'revoked':
        if (deps.isRevoking(ref)) return 'done';
        await say({ kind: 'RecordRevoked', attempt, evidence: { how: 'revoked' } });
        break;
      case 'lost':
        if (state.ended !== undefined) {
          await say({ kind: 'FinishJob', attempt, verdict: verdictOfEnding(state.ended), outputs });
          break;
        }
        await say({
          kind: 'LoseJob',
          attempt,
          outputs,
          why: state.why,
          detail: lostDetail(runner, state.why),
        });
        break;
      default:
        return 'ask';
    }
    const cleaned = await transport.cleanUp(target, ref)();
    if (E.isLeft(cleaned))
      deps.onProblem(`cleaning up ${jobId}.${attempt} on ${runner} failed`, cleaned.left);
    return 'done';
  };

  const start = async (target: RunnerTarget, facts: AttemptFacts): Promise<Step> => {
    const { promoted, assigned } = facts;
    const brought = await bring(deps.source, promoted.source);
    if (E.isLeft(brought)) {
      await say({ kind: 'RefuseJob', attempt, why: brought.left.reason, detail: brought.left.message });
      return 'done';
    }
    const { archive, before = '', variables = {} } = brought.right;
    const values = await secrets.take(promoted);
    if (values === undefined) return 'wait';
    if (E.isLeft(values)) {
      await say({ kind: 'RefuseJob', attempt, why: values.left.reason, detail: values.left.message });
      return 'done';
    }
    const { totalMs, silenceMs, cancelGraceMs, logBytes } = promoted.limits;
    const answer: E.Either<TransportError, StartAnswer> = await transport.start(target, {
      ...ref,
      fence: assigned.fence,
      baseId: assigned.baseId,
      bootId: assigned.bootId,
      script: before + scriptOf(promoted.steps),
      environment: { ...environmentOf(promoted, ref, runner), ...variables, ...values.right },
      facts: factsOf(promoted, facts.phaseRunId, ref, runner),
      ...placeOf(promoted, assigned.slot, deps.minFreeBytes),
      ...(archive === undefined ? {} : { source: archive }),
      ...(totalMs === undefined ? {} : { totalMs }),
      ...(silenceMs === undefined ? {} : { silenceMs }),
      cancelGraceMs,
      logBytes,
      ...(promoted.output === 'split' ? { split: true } : {}),
    })();
    if (E.isLeft(answer)) {
      if (mayStart && BEFORE_ANYTHING.has(answer.left.code)) {
        await deps.recordProbe(runner, probeOf(answer.left));
        await say({
          kind: 'RequeueJob',
          attempt,
          cause: 'infrastructure',
          why: answer.left.code === 'timed_out' ? 'connect_timeout' : answer.left.code,
          detail: answer.left.message,
        });
        return 'done';
      }
      mayStart = false;
      throw new LinkError(answer.left);
    }
    switch (answer.right.kind) {
      case 'started': {
        const { pid, startTime, bootId } = answer.right;
        return finish(target, { started: { pid, startTime, bootId } });
      }
      case 'exists':
        mayStart = false;
        return 'ask';
      case 'runner_changed': {
        const { baseId, bootId } = answer.right;
        const { slot } = target;
        await deps.recordProbe(runner, {
          ...{ verdict: 'ready', findings: [], baseId, bootId },
          ...(slot === undefined ? {} : { slot }),
        });
        const detail = `The runner ${runner} was restarted or its folder was replaced since the job was assigned.`;
        await say(
          mayStart
            ? { kind: 'RequeueJob', attempt, cause: 'runner_changed', why: 'runner_changed', detail }
            : { kind: 'LoseJob', attempt, why: 'runner_changed', detail, outputs: [] },
        );
        return 'done';
      }
      case 'stale_fence':
        await say({
          kind: 'RequeueJob',
          attempt,
          cause: 'infrastructure',
          why: 'stale_fence',
          detail: `The runner ${runner} has been taken over by another dispatcher (fence ${answer.right.highest}).`,
        });
        return 'done';
      case 'not_started':
        await say({
          kind: 'RequeueJob',
          attempt,
          cause: 'infrastructure',
          why: answer.right.why,
          detail:
            answer.right.why === 'disk_low'
              ? `The runner ${runner} has too little room: ${answer.right.message}.`
              : answer.right.message,
        });
        return 'done';
    }
  };

  const ask = async (target: RunnerTarget, facts: AttemptFacts): Promise<Step> => {
    const state = await orThrow(transport.query(target, ref));
    switch (state.state) {
      case 'absent': {
        const same = state.baseId === facts.assigned.baseId && state.bootId === facts.assigned.bootId;
        if (same && !facts.started) return start(target, facts);
        const why = facts.started ? 'vanished' : 'runner_changed';
        await say({ kind: 'LoseJob', attempt, why, detail: lostDetail(runner, why), outputs: [] });
        return 'done';
      }
      case 'claimed':
        // a start in flight creates `go` within moments; a claim that stays is a start that died
        if (++claimedSeen > 20)
          await orThrow(transport.cancel(target, ref, facts.promoted.limits.cancelGraceMs));
        return 'wait';
      case 'running':
      case 'orphan': {
        const { pid, startTime, bootId } = state;
        return finish(target, { thereBefore: state, started: { pid, startTime, bootId } });
      }
      case 'tombstone':
        await say({
          kind: 'LoseJob',
          attempt,
          why: 'collected',
          detail: lostDetail(runner, 'collected'),
          outputs: [],
        });
        return 'done';
      case 'done':
      case 'lost':
        return finish(target, { thereBefore: state });
      case 'revoked':
        return finish(target);
    }
  };

  while (!closed()) {
    try {
      const facts = await insist('reading what was recorded', () => deps.facts(jobId, attempt));
      if (facts === undefined) return;
      const target = await targetOfAttempt(deps, insist, facts);
      if (target === undefined) return;
      promoted = facts.promoted;
      if (!facts.current) {
        await secrets.forget(promoted);
        return;
      }
      const step = mayStart && !facts.started ? await start(target, facts) : await ask(target, facts);
      if (unreachable) {
        unreachable = false;
        await deps.recordProbe(runner, { verdict: 'ready', findings: [] });
      }
      failures = 0;
      mayStart = false;
      if (step === 'done') return;
      if (step === 'wait') await pause(100);
      // asking at once again is right after a start that found the attempt there; not for ever
      else if (++asked > 3) await pause(200);
    } catch (cause) {
      if (closed()) return;
      const error = asTransportError(cause);
      if (error === undefined) throw cause;
      mayStart = false;
      if (error.code !== 'back_pressure') {
        // one lost link is not news; what does not come back at once is
        if (failures > 0 && !unreachable) {
          unreachable = true;
          await deps.recordProbe(runner, probeOf(error));
        }
        deps.onProblem(`${jobId}.${attempt} on ${runner}: ${error.message}`, error);
      }
      await pause(BACK_OFF_MS[Math.min(failures++, BACK_OFF_MS.length - 1)] ?? 30_000);
    }
  }
};
