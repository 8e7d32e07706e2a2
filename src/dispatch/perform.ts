/** Carries out effects on runners: the only impure file of this folder. Each effect is safe to ask twice. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { verdictOf } from '../domain/outcome.js';
import type { JobCommand } from '../domain/job.js';
import type { Probed } from '../domain/runner.js';
import type { JobAssigned } from '../events/job.js';
import type { PhasePromoted } from '../events/phase-run.js';
import type { SealedOutput } from '../events/shapes.js';
import type {
  AttemptRef,
  AttemptState,
  LogStore,
  LogWriter,
  RunnerTarget,
  RunnerTransport,
  SourceProvider,
  StartAnswer,
  TransportError,
} from '../app/ports.js';
import type { AppError } from '../app/errors.js';
import type { DriveAttempt, EndAttempt } from './commands.js';
import { environmentOf, scriptOf } from './script.js';

/** What is recorded of an attempt: everything that a start needs. */
export interface AttemptFacts {
  readonly promoted: PhasePromoted;
  readonly phaseRunId: string;
  readonly assigned: JobAssigned;
  readonly started: boolean;
  /** False when the job has ended or moved on to another attempt: nothing is to be done. */
  readonly current: boolean;
}

export interface PerformDeps {
  readonly transport: RunnerTransport;
  readonly logs: LogStore;
  readonly source: SourceProvider;
  readonly facts: (jobId: string, attempt: number) => Promise<E.Either<AppError, AttemptFacts>>;
  readonly targetOf: (runner: string) => Promise<E.Either<AppError, RunnerTarget>>;
  /** Records a command on the job; false when it was refused (the job moved on without us). */
  readonly record: (jobId: string, attempt: number, command: JobCommand) => Promise<boolean>;
  readonly recordProbe: (runner: string, probe: Probed) => Promise<void>;
  readonly onProblem: (message: string, cause: unknown) => void;
}

export interface Performer {
  readonly drive: (effect: DriveAttempt) => void;
  readonly end: (effect: EndAttempt) => void;
  /** Lets go of all attempts; what runs on the runners goes on there. */
  readonly close: () => Promise<void>;
}

/** Nothing can have been started when one of these came back from a start. */
const BEFORE_ANYTHING: ReadonlySet<string> = new Set([
  'name_not_found',
  'refused',
  'timed_out',
  'unreachable',
  'host_key_unknown',
  'host_key_changed',
  'permission_denied',
  'no_usable_shell',
  'workspace_not_writable',
  'missing_tool',
  'disk_full',
  'no_key',
]);

const BACK_OFF_MS = [100, 250, 500, 1000, 2000, 5000, 10_000, 30_000];

/** What a probe would say of a runner that answered like this. */
export const probeOf = (error: TransportError): Probed => ({
  verdict: [
    'no_usable_shell',
    'workspace_not_writable',
    'missing_tool',
    'disk_full',
    'permission_denied',
    'no_key',
    'host_key_unknown',
    'host_key_changed',
  ].includes(error.code)
    ? 'unfit'
    : 'unreachable',
  code: error.code,
  detail: error.message,
  findings: [],
  ...(error.fingerprint === undefined ? {} : { foundHostKey: error.fingerprint }),
});

type Step = 'done' | 'ask' | 'wait';

export const performer = (deps: PerformDeps): Performer => {
  const { transport, logs, record } = deps;
  const abort = new AbortController();
  const live = new Map<string, Promise<void>>();
  const closed = (): boolean => abort.signal.aborted;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (closed()) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        abort.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      abort.signal.addEventListener('abort', done);
    });

  /** One at a time per key; a second request for the same is answered by the first. */
  const once = (key: string, work: () => Promise<void>): void => {
    if (live.has(key) || closed()) return;
    const running = work()
      .catch((cause: unknown) => {
        if (!closed()) deps.onProblem(`the effect ${key} met a bug`, cause);
      })
      .finally(() => live.delete(key));
    live.set(key, running);
  };

  /** Tries until it succeeds or we are closed; what it answers is owed. */
  const insist = async <Err, A>(
    what: string,
    task: () => Promise<E.Either<Err, A>>,
  ): Promise<A | undefined> => {
    for (let n = 0; !closed(); n++) {
      const answer = await task();
      if (E.isRight(answer)) return answer.right;
      deps.onProblem(`${what} failed and is tried again`, answer.left);
      await pause(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] ?? 30_000);
    }
    return undefined;
  };

  const drive = async ({ jobId, attempt, runner, fresh }: DriveAttempt): Promise<void> => {
    const ref: AttemptRef = { jobId, attempt };
    const say = (command: JobCommand): Promise<boolean> => record(jobId, attempt, command);
    let mayStart = fresh;
    let unreachable = false;
    let failures = 0;
    let claimedSeen = 0;

    /** Log bytes up to the end; the state that the attempt ended in, or undefined when the link was lost. */
    const collect = async (
      target: RunnerTarget,
    ): Promise<{ readonly state: AttemptState; readonly outputs: readonly SealedOutput[] } | undefined> => {
      const writer = await insist<unknown, LogWriter>('opening the log', logs.open(ref));
      if (writer === undefined) return undefined;
      try {
        for await (const signal of transport.follow(target, ref, writer.offsets().source, abort.signal)) {
          if (signal.kind === 'bytes') {
            const written = await insist('writing the log', writer.write(signal.offset, signal.bytes));
            if (written === undefined && closed()) return undefined;
          } else {
            const truncated = signal.state.state === 'done' && signal.state.result.logTruncated;
            const sealed = await insist('sealing the log', writer.seal(truncated));
            return sealed === undefined ? undefined : { state: signal.state, outputs: [sealed] };
          }
        }
        return undefined;
      } finally {
        await writer.close();
      }
    };

    const finish = async (target: RunnerTarget): Promise<Step> => {
      const end = await collect(target);
      if (end === undefined) return 'ask';
      const { state, outputs } = end;
      switch (state.state) {
        case 'done': {
          if (state.started) await say({ kind: 'RecordStarted', attempt, ...state.started });
          const { result } = state;
          await say({
            kind: 'FinishJob',
            attempt,
            verdict: verdictOf(result),
            outputs,
            ...(result.why === 'infrastructure'
              ? { detail: `The runner ${runner} could not run the job (code ${result.exitCode}).` }
              : {}),
          });
          break;
        }
        case 'revoked':
          await say({ kind: 'RecordRevoked', attempt, evidence: { how: 'revoked' } });
          break;
        case 'lost':
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
      const archive = await deps.source.archive(promoted.source)();
      if (E.isLeft(archive)) {
        await say({ kind: 'RefuseJob', attempt, why: archive.left.reason, detail: archive.left.message });
        return 'done';
      }
      const { totalMs, cancelGraceMs, logBytes } = promoted.limits;
      const answer: E.Either<TransportError, StartAnswer> = await transport.start(target, {
        ...ref,
        fence: assigned.fence,
        baseId: assigned.baseId,
        bootId: assigned.bootId,
        script: scriptOf(promoted.steps),
        environment: environmentOf(promoted, ref, runner),
        source: archive.right,
        ...(totalMs === undefined ? {} : { totalMs }),
        cancelGraceMs,
        logBytes,
      })();
      if (E.isLeft(answer)) {
        if (mayStart && BEFORE_ANYTHING.has(answer.left.code)) {
          await deps.recordProbe(runner, probeOf(answer.left));
          await say({
            kind: 'RequeueJob',
            attempt,
            cause: 'infrastructure',
            why: answer.left.code,
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
          await say({ kind: 'RecordStarted', attempt, pid, startTime, bootId });
          return finish(target);
        }
        case 'exists':
          mayStart = false;
          return 'ask';
        case 'runner_changed': {
          const { baseId, bootId } = answer.right;
          await deps.recordProbe(runner, { verdict: 'ready', findings: [], baseId, bootId });
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
            detail: answer.right.message,
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
          await say({ kind: 'RecordStarted', attempt, pid, startTime, bootId });
          return finish(target);
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
        case 'revoked':
        case 'done':
        case 'lost':
          return finish(target);
      }
    };

    while (!closed()) {
      try {
        const facts = await insist('reading what was recorded', () => deps.facts(jobId, attempt));
        const target = await insist('reading the runner', () => deps.targetOf(runner));
        if (facts === undefined || target === undefined || !facts.current) return;
        const step = mayStart && !facts.started ? await start(target, facts) : await ask(target, facts);
        if (unreachable) {
          unreachable = false;
          await deps.recordProbe(runner, { verdict: 'ready', findings: [] });
        }
        failures = 0;
        mayStart = false;
        if (step === 'done') return;
        if (step === 'wait') await pause(100);
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

  const end = async ({ jobId, attempt, runner, graceMs }: EndAttempt): Promise<void> => {
    for (let n = 0; !closed(); n++) {
      const facts = await insist('reading what was recorded', () => deps.facts(jobId, attempt));
      const target = await insist('reading the runner', () => deps.targetOf(runner));
      if (!facts?.current || target === undefined) return;
      const answer = await transport.cancel(target, { jobId, attempt }, graceMs)();
      if (E.isRight(answer)) return;
      deps.onProblem(`ending ${jobId}.${attempt} on ${runner} is tried again`, answer.left);
      await pause(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] ?? 30_000);
    }
  };

  return {
    drive: (effect) => {
      once(`drive ${effect.jobId}.${effect.attempt}`, () => drive(effect));
    },
    end: (effect) => {
      once(`end ${effect.jobId}.${effect.attempt}`, () => end(effect));
    },
    close: async () => {
      abort.abort();
      await Promise.all(live.values());
    },
  };
};

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

/** Carries a transport error through `throw` inside one attempt's loop. */
class LinkError extends Error {
  readonly error: TransportError;
  constructor(error: TransportError) {
    super(error.message);
    this.error = error;
  }
}

const isTransportError = (value: unknown): value is TransportError =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  'message' in value &&
  typeof value.code === 'string';

/** `follow` throws what the port says: a TransportError, or something that carries one. */
const asTransportError = (cause: unknown): TransportError | undefined => {
  if (cause instanceof LinkError) return cause.error;
  if (cause instanceof Error && 'error' in cause && isTransportError(cause.error)) return cause.error;
  return isTransportError(cause) ? cause : undefined;
};

const orThrow = async <A>(task: TaskEither<TransportError, A>): Promise<A> => {
  const answer = await task();
  if (E.isLeft(answer)) throw new LinkError(answer.left);
  return answer.right;
};
