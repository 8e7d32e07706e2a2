/** The standalone host as a running thing: its process, and what people ask of changes. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../../../src/app/errors.js';
import { handle, type Deps, type Envelope } from '../../../src/app/handle.js';
import type { SourceProvider } from '../../../src/app/ports.js';
import type { ReadModel } from '../../../src/app/read-models.js';
import type { Repeats } from '../../../src/app/repeats.js';
import { runProcess } from '../../../src/app/run-process.js';
import type { ChangeView, CommandContext, Done, SubmitChange, UseCases } from '../../../src/app/use-cases.js';
import { phaseRun } from '../../../src/domain/phase-run.js';
import { withQueuePolicy, type QueuePolicy } from '../../../src/domain/queue-policy.js';
import { deriveId } from '../../../src/kernel/ids.js';
import type { Position } from '../../../src/kernel/recorded.js';
import { changeDecider } from './change.js';
import type { ChangesView } from './changes.js';
import { HOST, idIn } from './ids.js';
import { standaloneProcess, type StandaloneCommand } from './process.js';
import { stageRunDecider } from './stage-run.js';
import { prepareSubmission } from './submission.js';

export interface StandaloneDeps extends Deps {
  readonly source: SourceProvider;
  readonly changes: ReadModel<ChangesView>;
  /** What is left open by the plan of a phase. */
  readonly queuePolicy: QueuePolicy;
  readonly repeats: Repeats;
  readonly onProblem: (problem: { readonly message: string; readonly cause?: unknown }) => void;
}

export interface Standalone {
  readonly ready: Promise<void>;
  readonly close: () => Promise<void>;
  readonly useCases: Pick<UseCases, 'submitChange' | 'listChanges' | 'showChange'>;
}

/** The id of a phase run follows from the host's own key, so that the same promotion is taken once. */
export const phaseRunIdOf = (host: string, hostKey: string, attempt: number): string =>
  deriveId('phase_run', host, hostKey, attempt);

const MIN_PREFIX = 4;

export const openStandalone = (deps: StandaloneDeps): Standalone => {
  const { changes, source } = deps;

  const execute = async (command: StandaloneCommand): Promise<Position | undefined> => {
    const { commandId, causationId, correlationId } = command;
    const bodySha256 = createHash('sha256').update(JSON.stringify(command)).digest('hex');
    const envelope: Envelope = { commandId, causationId, correlationId, bodySha256, actor: 'baton' };
    const done =
      command.kind === 'PromotePhase'
        ? await handle(
            deps,
            `phase_run-${phaseRunIdOf(HOST, command.data.hostKey, command.data.attempt)}`,
            phaseRun,
            { kind: 'PromotePhase', data: withQueuePolicy(command.data, deps.queuePolicy) },
            envelope,
          )
        : await handle(deps, `stage_run-${command.stageRunId}`, stageRunDecider, command, envelope);
    if (E.isRight(done)) return done.right.position;
    // refused: it was done before; the event that tells so is folded or on its way
    if (done.left.kind === 'refused' || done.left.error.code === 'idempotency_conflict') return undefined;
    throw new Error(done.left.error.message, { cause: done.left.error });
  };

  const running = runProcess({
    process: standaloneProcess,
    store: deps.store,
    clock: deps.clock,
    execute,
    onProblem: deps.onProblem,
  });

  const show = async (id: string): Promise<E.Either<AppError, ChangeView>> => {
    await changes.caughtUp();
    const all = changes.view().changes;
    const matching = Object.hasOwn(all, id)
      ? [all[id]]
      : id.length < MIN_PREFIX
        ? []
        : Object.values(all).filter((change) => change.id.startsWith(id));
    const [found] = matching;
    return found !== undefined && matching.length === 1
      ? E.right(structuredClone(found))
      : E.left(
          appError('not_found', 'change_unknown', `There is no change ${id}.`, { hint: 'baton change list' }),
        );
  };

  const submit = async (
    context: CommandContext,
    request: SubmitChange,
  ): Promise<E.Either<AppError, Done<ChangeView>>> => {
    const prepared = await prepareSubmission(source, request)();
    if (E.isLeft(prepared)) return prepared;
    const submission = prepared.right;
    const stream = `change-${submission.changeId}`;
    const done = await handle(
      deps,
      stream,
      changeDecider,
      { kind: 'SubmitPatchset', ...submission },
      {
        commandId: context.commandId,
        bodySha256: context.bodySha256,
        actor: context.caller.actor,
        correlationId: submission.changeId,
        ...(context.reason === undefined ? {} : { reason: context.reason }),
      },
    );
    if (E.isLeft(done)) {
      if (done.left.kind === 'failed') return E.left(done.left.error);
      const { code, message, hint } = done.left.refusal;
      return E.left(appError('conflict', code, message, { hint }));
    }
    const shown = await show(submission.changeId);
    return E.isLeft(shown) ? shown : E.right({ value: shown.right, repeated: done.right.repeated });
  };

  /** A repeat is answered from what was recorded, even when the branch has moved on since. */
  const submitOnce = async (
    context: CommandContext,
    request: SubmitChange,
  ): Promise<E.Either<AppError, Done<ChangeView>>> => {
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    if (before.right === undefined) return submit(context, request);
    const shown = await show(idIn(before.right, 'change'));
    return E.isLeft(shown) ? shown : E.right({ value: shown.right, repeated: true });
  };

  return {
    ready: running.ready,
    close: () => running.close(),
    useCases: {
      submitChange: (context, request) => () => submitOnce(context, request),
      listChanges: () => async () => {
        await changes.caughtUp();
        return E.right(structuredClone(Object.values(changes.view().changes)));
      },
      showChange: (id) => () => show(id),
    },
  };
};
