/** The saga as a running thing: its processes, driven against a store, and the effects that they ask for. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { CheckpointStore } from '../app/checkpoints.js';
import { appError, type AppError } from '../app/errors.js';
import { handle, load, type Deps, type Envelope, type Handled } from '../app/handle.js';
import type { JobSecrets } from '../app/job-secrets.js';
import type { LogStore, RunnerTarget, RunnerTransport, SecretStore, SourceProvider } from '../app/ports.js';
import { runProcess } from '../app/run-process.js';
import type { AttemptPlace } from '../app/runner-target.js';
import { job } from '../domain/job.js';
import { phaseRun } from '../domain/phase-run.js';
import type { QueuePolicy } from '../domain/queue-policy.js';
import type { RunnerCommand } from '../domain/runner.js';
import { waitReason } from '../domain/wait-reason.js';
import type { JobQueued } from '../events/job.js';
import type { BatonEvent } from '../events/catalog.js';
import type { Decider } from '../kernel/decider.js';
import { deriveId } from '../kernel/ids.js';
import type { Process } from '../kernel/process.js';
import type { Position } from '../kernel/recorded.js';
import { cancellation } from './cancellation.js';
import type { DispatchCommand, ForgetKey, Owed } from './commands.js';
import { dispatcher } from './dispatcher.js';
import { fanOut } from './fan-out.js';
import type { AttemptFacts } from './drive.js';
import { pauses } from './pauses.js';
import { performer } from './perform.js';
import { quarantine } from './quarantine.js';
import { removal } from './removal.js';
import { scheduler } from './scheduler.js';
import { supersession } from './supersession.js';
import { watchdog } from './watchdog.js';

export interface DispatchDeps extends Deps {
  readonly transport: RunnerTransport;
  readonly logs: LogStore;
  readonly source: SourceProvider;
  readonly secrets: JobSecrets;
  /** Where the private keys of runners are. */
  readonly runnerKeys: Pick<SecretStore, 'remove'>;
  /** Where the states of processes are kept between two starts. */
  readonly checkpoints: CheckpointStore;
  readonly epoch: number;
  readonly policy: QueuePolicy;
  /** Room on its disk that a runner must have, where the phase does not say it. */
  readonly minFreeBytes: number;
  readonly targetOf: (place: AttemptPlace) => Promise<E.Either<AppError, RunnerTarget>>;
  readonly onRunner: (
    runner: string,
    command: RunnerCommand,
    envelope: Envelope,
  ) => Promise<E.Either<AppError, Handled>>;
  readonly onProblem: (message: string, cause: unknown) => void;
}

export interface Dispatch {
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
}

const TICK_MS = 1000;

/** Events after which the attempt is what it was. */
const LEAVES_CURRENT: ReadonlySet<string> = new Set([
  ...['JobCancelRequested', 'JobOutputSealed', 'JobCollectionPaused', 'JobCollectionResumed'],
  'JobReportRefused',
]);

/** May be true more than once in an attempt; the decider tells a repeat by the state. */
const RECURS: ReadonlySet<string> = new Set(['PauseCollection', 'ResumeCollection']);

const bodyOf = (command: unknown): string =>
  createHash('sha256').update(JSON.stringify(command)).digest('hex');

const envelopeOf = (owed: Owed, command: unknown): Envelope => ({
  commandId: owed.commandId,
  bodySha256: bodyOf(command),
  actor: owed.actor ?? 'baton',
  correlationId: owed.correlationId,
  causationId: owed.causationId,
  ...(owed.reason === undefined ? {} : { reason: owed.reason }),
});

export const openDispatch = (deps: DispatchDeps): Dispatch => {
  let closing = false;
  /** Writes; a refusal means that the world moved on, which the next event will tell. Throws when it may be tried again. */
  const write = async <C, S, Ev extends BatonEvent, R>(
    stream: string,
    decider: Decider<C, S, Ev, R>,
    command: C,
    envelope: Envelope,
  ): Promise<Handled | undefined> => {
    const done = await handle(deps, stream, decider, command, envelope);
    if (E.isRight(done)) return done.right;
    if (done.left.kind === 'refused') return undefined;
    // the same debt with another content was paid before: what is recorded stands
    if (done.left.error.code === 'idempotency_conflict') return undefined;
    throw new Error(done.left.error.message, { cause: done.left.error });
  };

  const facts = async (jobId: string, attempt: number): Promise<E.Either<AppError, AttemptFacts>> => {
    const history = await load(deps.store, `job-${jobId}`);
    if (E.isLeft(history)) return history;
    let queued: JobQueued | undefined;
    let assigned: Pick<AttemptFacts, 'assigned' | 'assignedAt'> | undefined;
    let started = false;
    let current = false;
    for (const { event, position } of history.right.events) {
      if (event.type === 'JobQueued') queued = event.data;
      else if (event.type === 'JobAssigned') {
        if (event.data.attempt === attempt) assigned = { assigned: event.data, assignedAt: position };
        current = event.data.attempt === attempt;
      } else if (event.type === 'JobStarted') started = event.data.attempt === attempt;
      else if (!LEAVES_CURRENT.has(event.type)) current = false;
    }
    if (queued === undefined || assigned === undefined)
      return E.left(appError('internal', 'attempt_unknown', `There is no attempt ${jobId}.${attempt}.`));
    const { phaseRunId } = queued;
    const run = await load(deps.store, `phase_run-${phaseRunId}`);
    if (E.isLeft(run)) return run;
    for (const { event } of run.right.events)
      if (event.type === 'PhasePromoted')
        return E.right({ promoted: event.data, phaseRunId, ...assigned, started, current });
    return E.left(appError('internal', 'phase_run_unknown', `There is no phase run ${phaseRunId}.`));
  };

  const effects = performer({
    transport: deps.transport,
    logs: deps.logs,
    source: deps.source,
    secrets: deps.secrets,
    minFreeBytes: deps.minFreeBytes,
    facts,
    targetOf: deps.targetOf,
    record: async (jobId, attempt, command) => {
      const causationId = deriveId('attempt', jobId, attempt);
      const owed: Owed = {
        commandId: RECURS.has(command.kind) ? crypto.randomUUID() : deriveId(causationId, command.kind),
        causationId,
        correlationId: jobId,
      };
      for (let n = 0; ; n++) {
        try {
          return (await write(`job-${jobId}`, job, command, envelopeOf(owed, command))) !== undefined;
        } catch (cause) {
          // what is not recorded now is found on the runner at the next start
          if (n >= 30 || closing) throw cause;
          deps.onProblem(`recording ${command.kind} of ${jobId} is tried again`, cause);
          await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 2 ** n, 5000)));
        }
      }
    },
    recordProbe: async (runner, probe) => {
      const commandId = crypto.randomUUID();
      const envelope = { commandId, bodySha256: bodyOf(probe), actor: 'baton', correlationId: runner };
      const done = await deps.onRunner(runner, { kind: 'RecordProbe', probe }, envelope);
      if (E.isLeft(done)) deps.onProblem(`the state of runner ${runner} could not be recorded`, done.left);
    },
    onProblem: deps.onProblem,
  });

  /** The key first, then the fact: after a crash between the two it is removed again, which harms nothing. */
  const forgetKey = async (command: Owed & ForgetKey): Promise<Position | undefined> => {
    const { runner, secretRef } = command;
    const gone = await deps.runnerKeys.remove(secretRef)();
    if (E.isLeft(gone)) throw new Error(gone.left.message, { cause: gone.left });
    const record: RunnerCommand = { kind: 'RecordKeyRemoved', secretRef };
    const done = await deps.onRunner(runner, record, envelopeOf(command, record));
    if (E.isLeft(done)) throw new Error(done.left.message, { cause: done.left });
    return done.right.position;
  };

  const execute = async (command: DispatchCommand): Promise<Position | undefined> => {
    switch (command.target) {
      case 'job':
        return (await write(`job-${command.id}`, job, command.command, envelopeOf(command, command.command)))
          ?.position;
      case 'phase_run':
        return (
          await write(
            `phase_run-${command.id}`,
            phaseRun,
            command.command,
            envelopeOf(command, command.command),
          )
        )?.position;
      case 'filter_class':
        return (
          await write(
            `filter_class-${command.id}`,
            waitReason,
            command.command,
            envelopeOf(command, command.command),
          )
        )?.position;
      case 'runner': {
        const done = await deps.onRunner(command.id, command.command, envelopeOf(command, command.command));
        if (E.isLeft(done) && done.left.code === 'store_unavailable')
          throw new Error(done.left.message, { cause: done.left });
        return E.isRight(done) ? done.right.position : undefined;
      }
      case 'effect':
        if (command.effect === 'forget_key') return forgetKey(command);
        if (command.effect === 'drive') effects.drive(command);
        else if (command.effect === 'end') effects.end(command);
        else if (command.effect === 'end_remains') effects.endRemains(command);
        else effects.revoke(command);
        return undefined;
    }
  };

  const run = <S>(process: Process<BatonEvent, DispatchCommand, S>, tickMs?: number) =>
    runProcess({
      process,
      store: deps.store,
      clock: deps.clock,
      checkpoints: deps.checkpoints,
      execute,
      ...(tickMs === undefined ? {} : { tickMs }),
      onProblem: ({ message, cause }) => deps.onProblem(`${process.name}: ${message}`, cause),
    });
  const running = [
    run(fanOut),
    run(scheduler({ fence: deps.epoch, policy: deps.policy }), TICK_MS),
    run(dispatcher),
    run(cancellation),
    run(supersession),
    run(watchdog(deps.policy), TICK_MS),
    run(pauses, TICK_MS),
    run(quarantine),
    run(removal, TICK_MS),
  ];
  return {
    ready: Promise.all(running.map((process) => process.ready)).then(() => undefined),
    close: async () => {
      closing = true;
      await Promise.all(running.map((process) => process.close()));
      await effects.close();
    },
  };
};
