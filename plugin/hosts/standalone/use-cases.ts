/** What people ask of changes: hand in, approve, deliver, run again, cancel, delete, show. */
import * as E from 'fp-ts/lib/Either.js';
import { filter, firstValueFrom, map, race, timer } from 'rxjs';
import { appError, type AppError } from '../../../src/app/errors.js';
import { handle, load, type Deps, type Envelope, type Handled } from '../../../src/app/handle.js';
import type { SourceProvider } from '../../../src/app/ports.js';
import type { ReadModel } from '../../../src/app/read-models.js';
import type { Repeats } from '../../../src/app/repeats.js';
import type { RetryByHost } from '../../../src/app/retry-job.js';
import type {
  ChangeView,
  CommandContext,
  Done,
  RerunChange,
  SubmitChange,
  UseCases,
} from '../../../src/app/use-cases.js';
import type { PhaseWays } from '../../../src/domain/phase-ways.js';
import { jobIdOf, phaseRunIdOf } from '../../../src/domain/phase-run.js';
import { isStage } from '../../../src/domain/stage-plan.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import { changeDecider, type ChangeCommand, type ChangeRefusal, type ObsoleteJobs } from './change.js';
import { evolveChange, standingOf, type ChangeState } from './change-state.js';
import type { ChangesView } from './changes.js';
import { changeIdOf, HOST, hostKeyOf, idIn } from './ids.js';
import { approveRefusal } from './rules.js';
import { recordPhaseSecrets } from './secrets.js';
import { changeReads, consumerOf, findChange } from './reads.js';
import { prepareMerge, prepareSubmission, scopeOf } from './submission.js';

export interface ChangeDeps extends Deps {
  readonly source: SourceProvider;
  /** What phases run, of this installation. */
  readonly ways: PhaseWays;
  readonly changes: ReadModel<ChangesView>;
  readonly repeats: Repeats;
  readonly obsoleteJobs: ObsoleteJobs;
}

export type ChangeUseCases = Pick<
  UseCases,
  | ('submitChange' | 'listChanges' | 'showChange' | 'placeOfChange' | 'placeOfSubmission')
  | ('approveChange' | 'deliverChange' | 'cancelChange' | 'deleteChange' | 'rerunChange')
>;

type Answer<A = Done<ChangeView>> = Promise<E.Either<AppError, A>>;

/** The end of a stage run is noticed within milliseconds; longer, and something else is wrong. */
const NOTICE_MS = 5000;

const conflict = ({ code, message, hint }: ChangeRefusal): AppError =>
  appError('conflict', code, message, { hint });

export const changeUseCases = (deps: ChangeDeps): ChangeUseCases & { readonly retryByHost: RetryByHost } => {
  const { changes, source, ways, obsoleteJobs: obsolete } = deps;

  const reads = changeReads(changes);
  const show = (id: string): Answer<ChangeView> => reads.showChange(id)();

  const decide = (context: CommandContext, command: ChangeCommand) => {
    const envelope: Envelope = {
      commandId: context.commandId,
      bodySha256: context.bodySha256,
      actor: context.caller.actor,
      correlationId: command.changeId,
      ...(context.reason === undefined ? {} : { reason: context.reason }),
      ...(context.expectedRevision === undefined ? {} : { expectedRevision: context.expectedRevision }),
    };
    return handle(deps, `change-${command.changeId}`, changeDecider, command, envelope);
  };

  const answer = async (
    changeId: string,
    done: Awaited<ReturnType<typeof decide>>,
    isRepeated = (handled: Handled): boolean => handled.repeated,
  ): Answer => {
    if (E.isLeft(done))
      return E.left(done.left.kind === 'failed' ? done.left.error : conflict(done.left.refusal));
    const shown = await show(changeId);
    return E.isLeft(shown) ? shown : E.right({ value: shown.right, repeated: isRepeated(done.right) });
  };

  /** A repeat is answered from what was recorded, whatever has happened to the change, the branch or the target since. */
  const once = async (context: CommandContext, work: () => Answer): Answer => {
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    if (before.right === undefined) return work();
    const shown = await show(idIn(before.right, 'change'));
    return E.isLeft(shown) ? shown : E.right({ value: shown.right, repeated: true });
  };

  /** A branch whose change was merged or deleted gets a new one. */
  const submit = async (context: CommandContext, request: SubmitChange): Answer => {
    const prepared = await prepareSubmission(source, ways, request)();
    if (E.isLeft(prepared)) return prepared;
    const { scope, pipeline, branch } = prepared.right;
    const named = await recordPhaseSecrets(deps, context, prepared.right.source);
    if (E.isLeft(named)) return named;
    for (let generation = 0; ; generation++) {
      const changeId = changeIdOf(scope, pipeline, branch, generation);
      const done = await decide(context, {
        ...{ kind: 'SubmitPatchset', ...prepared.right, changeId, obsolete },
      });
      const isClosed =
        E.isLeft(done) && done.left.kind === 'refused' && done.left.refusal.code === 'change_closed';
      if (!isClosed) return answer(changeId, done);
    }
  };

  /** That a stage has ended shows a moment before the change has taken notice, and before it may be acted on. */
  const noticed = async (changeId: string): Promise<void> => {
    const isNoticed = (): boolean => !Object.values(changes.view().unnoticed).includes(changeId);
    if (isNoticed()) return;
    await firstValueFrom(
      race(changes.view$.pipe(filter(isNoticed)), timer(NOTICE_MS)).pipe(map(() => undefined)),
    );
  };

  const act = async (context: CommandContext, id: string, work: (changeId: string) => Answer): Answer =>
    once(context, async () => {
      const found = await show(id);
      if (E.isLeft(found)) return found;
      await noticed(found.right.id);
      return work(found.right.id);
    });

  const simply =
    (kind: 'DeliverChange' | 'DeleteChange' | 'CancelStage') => (context: CommandContext, id: string) => () =>
      act(context, id, async (changeId) =>
        answer(
          changeId,
          await decide(context, kind === 'DeleteChange' ? { kind, changeId, obsolete } : { kind, changeId }),
          // a cancel that was asked for before
          ({ repeated, events }) => repeated || events.length === 0,
        ),
      );

  const stateOf = async (changeId: string): Answer<ChangeState> =>
    E.map(({ events }: { readonly events: readonly { readonly event: unknown }[] }) =>
      events.reduce<ChangeState>((state, { event }) => evolveChange(state, event as ChangeEvent), {
        status: 'none',
      }),
    )(await load(deps.store, `change-${changeId}`));

  /** Everything is looked at before any event is written: the rules, the merge, and its configuration. */
  const approve = async (context: CommandContext, changeId: string): Answer => {
    const state = await stateOf(changeId);
    if (E.isLeft(state)) return state;
    const change = state.right;
    if (change.status === 'none' || change.source === undefined) return E.left(conflict(notSubmitted));
    const refused = approveRefusal(standingOf(change));
    if (refused) return E.left(conflict(refused));
    const prepared = await prepareMerge(source, ways, change.source)();
    if (E.isLeft(prepared)) return prepared;
    // the merge may configure other secrets than the patchset did
    const named = await recordPhaseSecrets(deps, context, prepared.right.source);
    if (E.isLeft(named)) return named;
    const { patchset } = change;
    return answer(
      changeId,
      await decide(context, { kind: 'ApproveChange', changeId, patchset, ...prepared.right }),
    );
  };

  const rerun = async (
    context: CommandContext,
    changeId: string,
    { stage, phase, consumer: given }: RerunChange,
  ): Answer => {
    if (phase === undefined)
      return given === undefined
        ? answer(changeId, await decide(context, { kind: 'RerunStage', changeId, stage }))
        : E.left(consumerWithoutPhase);
    if (given === undefined)
      return answer(changeId, await decide(context, { kind: 'RerunPhase', changeId, stage, phase }));
    const consumer = consumerOf(changes.view(), changeId, stage, given);
    return E.isLeft(consumer)
      ? consumer
      : answer(
          changeId,
          await decide(context, { kind: 'RerunPhase', changeId, stage, phase, consumer: consumer.right }),
        );
  };

  /** The rest of its phase had succeeded: the stage goes on from there as soon as this job succeeds too. */
  const retryByHost: RetryByHost = async (context, { job, promoted, row, others }) => {
    const { changeId } = job;
    const { stage, phase } = promoted;
    if (changeId === undefined || !isStage(stage)) return E.left(conflict(notSubmitted));
    if (job.unionOf !== undefined) return E.left(conflict(jobOfConsumer(phase, changeId, job.unionOf)));
    await noticed(changeId);
    // the revision that the caller may have seen is the job's
    const { expectedRevision: _, ...asked } = context;
    const done = await decide(asked, {
      ...{ kind: 'RetryJob', changeId, stage, phase, row, others },
      job: { phaseRunId: job.phaseRunId, jobId: job.id },
    });
    if (E.isLeft(done))
      return E.left(done.left.kind === 'failed' ? done.left.error : conflict(done.left.refusal));
    const [triggered] = done.right.events.flatMap(({ event }) =>
      event.type === 'PhaseRerunTriggered' ? [event.data] : [],
    );
    if (triggered === undefined) return E.left(conflict(notSubmitted));
    const { stageRunId } = triggered;
    const phaseRunId = phaseRunIdOf(HOST, hostKeyOf(stageRunId, { phase }), 1);
    const value = {
      ...{ retryOf: job.id, jobId: jobIdOf(phaseRunId, 0), phaseRunId, attempt: 1 },
      ...{ stage, phase, label: job.label, changeId, stageRunId },
    };
    return E.right({ value, repeated: done.right.repeated });
  };

  return {
    retryByHost,
    submitChange: (context, request) => () => once(context, () => submit(context, request)),
    ...reads,
    placeOfChange: (id, sees) => async () => {
      await changes.caughtUp();
      return E.map(({ id: full, enterprise, organisation, project }: ChangeView) => ({
        id: full,
        scope: { enterprise, organisation, project },
      }))(findChange(changes.view(), id, sees));
    },
    placeOfSubmission: (request) => () => Promise.resolve(scopeOf(request)),
    approveChange: (context, id) => () => act(context, id, (changeId) => approve(context, changeId)),
    deliverChange: simply('DeliverChange'),
    cancelChange: simply('CancelStage'),
    deleteChange: simply('DeleteChange'),
    rerunChange: (context, id, request) => () =>
      act(context, id, (changeId) => rerun(context, changeId, request)),
  };
};

/** The stage run is another change's, and with it the plan. */
const jobOfConsumer = (phase: string, changeId: string, unionOf: string): ChangeRefusal => ({
  code: 'job_of_consumer',
  message: 'A job of the change itself was expected; this one takes part in the Union of another change.',
  hint: `Run its phase again there: baton change rerun ${unionOf.slice(0, 8)} --stage union --phase ${phase} --consumer ${changeId.slice(0, 8)}.`,
});

const consumerWithoutPhase = appError(
  'invalid',
  'phase_needed',
  'A phase of the consumer was expected; there is none.',
  { hint: 'Give --phase as well, or run the whole stage again.' },
);

const notSubmitted: ChangeRefusal = {
  code: 'change_unknown',
  message: 'A change with a patchset was expected; this one has none.',
  hint: 'Submit the branch first.',
};
