/** The standalone host as a running thing: its process and the merges, and what people ask of changes. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { CheckpointStore } from '../../../src/app/checkpoints.js';
import { handle, type Deps, type Envelope } from '../../../src/app/handle.js';
import type { RetryByHost } from '../../../src/app/retry-job.js';
import { runProcess } from '../../../src/app/run-process.js';
import { phaseRun, phaseRunIdOf } from '../../../src/domain/phase-run.js';
import { withQueuePolicy, type QueuePolicy } from '../../../src/domain/queue-policy.js';
import { deriveId } from '../../../src/kernel/ids.js';
import type { Position } from '../../../src/kernel/recorded.js';
import { changeDecider } from './change.js';
import { withDeliveryJob } from './delivery-job.js';
import { HOST } from './ids.js';
import { mergePerformer } from './merges.js';
import { pipelineDecider } from './pipeline.js';
import { withSecrets } from './secrets.js';
import { standaloneProcess, type StandaloneCommand } from './process.js';
import { stageRunDecider, type StageRunCommand } from './stage-run.js';
import { changeUseCases, type ChangeDeps, type ChangeUseCases } from './use-cases.js';

export interface StandaloneDeps extends ChangeDeps {
  /** What is left open by the plan of a phase. */
  readonly queuePolicy: QueuePolicy;
  /** Where the state of its process is kept between two starts. */
  readonly checkpoints: CheckpointStore;
  readonly onProblem: (problem: { readonly message: string; readonly cause?: unknown }) => void;
}

export interface Standalone {
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
  readonly useCases: ChangeUseCases;
  /** How a job of this host is tried again. */
  readonly retries: Readonly<Record<typeof HOST, RetryByHost>>;
}

const phaseRunStream = (hostKey: string): string => `phase_run-${phaseRunIdOf(HOST, hostKey, 1)}`;

type ToStageRun = Extract<StandaloneCommand, { target: 'stage_run' }>;

/**
 * Consumers bring their own configurations, and together these may be more than the store takes. Tried again it would be too large again,
 * for ever, with everything else behind it: such a stage run ends instead.
 */
const toStageRun = async (deps: Deps, command: ToStageRun, envelope: Envelope) => {
  const stream = `stage_run-${command.stageRunId}`;
  const done = await handle(deps, stream, stageRunDecider, command, envelope);
  if (command.kind !== 'StartStageRun' || E.isRight(done) || done.left.kind === 'refused') return done;
  if (done.left.error.reason !== 'event_too_large') return done;
  const { changeId, stage } = command.data;
  const cancel: StageRunCommand = { kind: 'CancelStageRun', changeId, stage, why: 'too_large' };
  return handle(deps, stream, stageRunDecider, cancel, envelope);
};

export const openStandalone = (deps: StandaloneDeps): Standalone => {
  const write = async (command: Exclude<StandaloneCommand, { target: 'source' }>, envelope: Envelope) => {
    switch (command.target) {
      case 'stage_run':
        return toStageRun(deps, command, envelope);
      case 'change':
        return handle(
          deps,
          `change-${command.changeId}`,
          changeDecider,
          // not part of what the process asks for: the setting may be another one when it asks again
          command.kind === 'SupersedeChange' ? { ...command, obsolete: deps.obsoleteJobs } : command,
          envelope,
        );
      case 'pipeline':
        return handle(deps, `pipeline-${command.pipelineId}`, pipelineDecider, command, envelope);
      case 'phase_run':
        return command.kind === 'PromotePhase'
          ? handle(
              deps,
              phaseRunStream(command.data.hostKey),
              phaseRun,
              {
                kind: 'PromotePhase',
                data: withQueuePolicy(
                  withDeliveryJob(await withSecrets(deps, command.data), deps.ways.delivery),
                  deps.queuePolicy,
                ),
              },
              envelope,
            )
          : handle(
              deps,
              phaseRunStream(command.hostKey),
              phaseRun,
              { kind: 'CancelPhase', host: HOST, hostKey: command.hostKey },
              envelope,
            );
    }
  };

  const settled = (done: Awaited<ReturnType<typeof write>>): Position | undefined => {
    if (E.isRight(done)) return done.right.position;
    // refused: it was done before; the event that tells so is folded or on its way
    if (done.left.kind === 'refused' || done.left.error.code === 'idempotency_conflict') return undefined;
    throw new Error(done.left.error.message, { cause: done.left.error });
  };

  const envelopeOf = (command: StandaloneCommand, body: unknown): Envelope => {
    const { commandId, causationId, correlationId, actor = 'baton', reason } = command;
    return {
      ...{ commandId, causationId, correlationId, actor, bodySha256: digestOf(body) },
      ...(reason === undefined ? {} : { reason }),
    };
  };

  const merges = mergePerformer({
    source: deps.source,
    onProblem: deps.onProblem,
    record: async (command, recorded) => {
      // What came of it may differ between two looks; the first one that is recorded counts.
      const envelope = {
        ...envelopeOf(command, command.source),
        commandId: deriveId(command.commandId, 'end'),
      };
      settled(await handle(deps, `change-${recorded.changeId}`, changeDecider, recorded, envelope));
    },
  });

  const running = runProcess({
    process: standaloneProcess,
    store: deps.store,
    clock: deps.clock,
    checkpoints: deps.checkpoints,
    execute: async (command) => {
      if (command.target !== 'source') return settled(await write(command, envelopeOf(command, command)));
      merges.perform(command);
      return undefined;
    },
    onProblem: deps.onProblem,
  });

  const { retryByHost, ...useCases } = changeUseCases(deps);
  return {
    ready: running.ready,
    close: async () => {
      await running.close();
      await merges.close();
    },
    useCases,
    retries: { [HOST]: retryByHost },
  };
};

const digestOf = (body: unknown): string => createHash('sha256').update(JSON.stringify(body)).digest('hex');
