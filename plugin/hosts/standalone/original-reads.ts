/** What the API of the original is answered from: what is known of jobs, changes and runners, under the numbers that it had for them. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { map } from 'rxjs';
import type { JobsView, JobView } from '../../../projections/jobs.js';
import { find } from '../../../projections/table.js';
import { appError, type AppError } from '../../../src/app/errors.js';
import type { RunnerStatus } from '../../../src/app/evidence.js';
import type {
  AsOf,
  NumberedChange,
  NumberedJob,
  NumberedRunner,
  OriginalUseCases,
  SubmittedChange,
  Within,
} from '../../../src/app/original.js';
import type { ViewSource } from '../../../src/app/past.js';
import type { ReadModel } from '../../../src/app/read-models.js';
import type { ChangeView, UseCases } from '../../../src/app/use-cases.js';
import type { Scope } from '../../../src/events/shapes.js';
import { deriveId } from '../../../src/kernel/ids.js';
import type { Clock } from '../../../src/kernel/time.js';
import type { ChangesView } from './changes.js';
import { queueIdOf, type NumbersView } from './numbers.js';

export interface OriginalSources {
  readonly jobs: ViewSource<JobsView>;
  readonly changes: ViewSource<ChangesView>;
  readonly numbers: ReadModel<NumbersView>;
  readonly clock: Pick<Clock, 'now'>;
  readonly listRunners: UseCases['listRunners'];
}

const isIn = ({ enterprise, sees }: Within, scope: Scope): boolean =>
  scope.enterprise === enterprise && (sees === undefined || sees(scope));

const unknown = (reason: string, what: string): AppError =>
  appError('not_found', reason, `There is no ${what} in this enterprise that you may see.`);

/** Slots in their order. */
const bySlot = ([one]: readonly [string, string], [other]: readonly [string, string]): number =>
  Number(one) - Number(other);

export const originalReads = ({
  jobs,
  changes,
  numbers,
  clock,
  listRunners,
}: OriginalSources): OriginalUseCases => {
  const caughtUp = async (): Promise<void> => {
    await Promise.all([numbers.caughtUp(), jobs.caughtUp(), changes.caughtUp()]);
  };

  const asOf = <A>(value: A): AsOf<A> => ({
    ...{ position: numbers.position(), now: clock.now() },
    value: structuredClone(value),
  });

  const numbered = (job: JobView): NumberedJob | undefined => {
    const view = numbers.view();
    const phaseRun = find(view.phaseRuns, job.id);
    const stageRun = view.stages[(phaseRun ?? 0) - 1];
    if (phaseRun === undefined || stageRun === undefined) return undefined;
    const { changeId = '' } = job;
    return {
      ...{ id: queueIdOf(stageRun, phaseRun, changeId), phaseRun, stageRun, job },
      submittedAt: find(view.submissions, changeId)?.patchsets.at(-1)?.at ?? job.queuedAt,
    };
  };

  const seenJob = (within: Within, id: string | undefined): JobView | undefined => {
    const job = id === undefined ? undefined : find(jobs.view(), id);
    return job !== undefined && isIn(within, job) ? job : undefined;
  };

  /** The same, or nothing where one view is an event ahead of the other. */
  const seenNumbered = (within: Within, id: string | undefined): NumberedJob | undefined => {
    const job = seenJob(within, id);
    return job === undefined ? undefined : numbered(job);
  };

  const submitted = (change: ChangeView): SubmittedChange => ({
    change,
    submission: find(numbers.view().submissions, change.id) ?? { at: '', by: '', patchsets: [] },
  });

  const inEnterprise = (within: Within, id: string): ChangeView | undefined => {
    const change = find(changes.view().changes, id);
    return change !== undefined && isIn(within, change) ? change : undefined;
  };

  const seenChange = (within: Within, id: string): ChangeView | undefined => {
    const change = inEnterprise(within, id);
    return change?.status === 'deleted' ? undefined : change;
  };

  const whole = (within: Within, change: ChangeView): NumberedChange => {
    const latest = change.stages.filter(
      (run, place) => change.stages.findLastIndex(({ stage }) => stage === run.stage) === place,
    );
    const ids = latest.flatMap(({ phases, consumers = [] }) =>
      [...phases, ...consumers.flatMap((consumer) => consumer.phases)].flatMap((phase) => phase.jobs),
    );
    const found = ids.flatMap((id) => seenNumbered(within, id) ?? []);
    const superseding =
      change.supersededBy === undefined ? undefined : seenChange(within, change.supersededBy);
    const { stageRunOf } = numbers.view();
    return {
      ...submitted(change),
      jobs: Object.fromEntries(found.map((one) => [one.job.id, one])),
      ...(superseding === undefined ? {} : { superseding: submitted(superseding) }),
      triggered: Object.fromEntries(
        latest.map(({ stageRunId }) => [stageRunId, find(stageRunOf, stageRunId)?.at ?? '']),
      ),
    };
  };

  const queued = (within: Within): readonly NumberedJob[] =>
    Object.keys(numbers.view().live)
      .flatMap((id) => seenNumbered(within, id) ?? [])
      .toSorted((one, other) => one.phaseRun - other.phaseRun);

  const holding = (within: Within, { current }: RunnerStatus): Pick<NumberedRunner, 'job'> => {
    const held = Object.entries(current).toSorted(bySlot);
    const first = held.map(([, id]) => seenJob(within, id)).find((job) => job !== undefined);
    return first !== undefined ? { job: first } : held.length > 0 ? { job: 'hidden' } : {};
  };

  const runnersOf = async (within: Within): Promise<E.Either<AppError, AsOf<readonly NumberedRunner[]>>> => {
    const found = await listRunners({
      sees: (scope) => isIn(within, scope),
      enterprises: [within.enterprise],
    })();
    if (E.isLeft(found)) return found;
    await caughtUp();
    const { enrolments } = numbers.view();
    return E.right(
      asOf(
        found.right
          .filter(({ state }) => state !== 'retired')
          .map((runner) => ({
            id: deriveId('original', 'runner', runner.name, find(enrolments, runner.name) ?? 1),
            runner,
            ...holding(within, runner),
          })),
      ),
    );
  };

  const read = <A>(look: () => E.Either<AppError, A>): TE.TaskEither<AppError, A> => {
    return async () => {
      await caughtUp();
      return look();
    };
  };

  return {
    originalRunners: (within) => () => runnersOf(within),
    originalQueue: (within) => read(() => E.right(asOf(queued(within)))),
    originalJob: (within, id) =>
      read(() => {
        const [jobId] = Object.entries(numbers.view().live).find(([, queueId]) => queueId === id) ?? [];
        const found = seenNumbered(within, jobId);
        return found === undefined
          ? E.left(unknown('job_not_queued', `job ${id} that waits or runs`))
          : E.right(asOf(found));
      }),
    originalPhaseRun: (within, phaseRun) =>
      read(() => {
        const found = seenNumbered(within, numbers.view().jobs[phaseRun - 1]);
        return found === undefined
          ? E.left(unknown('phase_run_unknown', `phase run ${phaseRun}`))
          : E.right(asOf(found));
      }),
    originalChange: (within, id) =>
      read(() => {
        const found = seenChange(within, id);
        return found === undefined
          ? E.left(unknown('change_unknown', `change ${id}`))
          : E.right(asOf(whole(within, found)));
      }),
    originalDeletion: (within, id) => read(() => E.right(inEnterprise(within, id)?.deleted?.by)),
    originalStages: (within) =>
      read(() =>
        E.right(
          structuredClone(
            Object.values(changes.view().changes)
              .filter(
                (change) => isIn(within, change) && change.stages.some(({ status }) => status === 'running'),
              )
              .map((change) => whole(within, change)),
          ),
        ),
      ),
    originalBlocked: (within) =>
      read(() => {
        const names = changes
          .view()
          .blocked.flatMap(({ members }) => members)
          .filter((member) => isIn(within, member))
          .map(({ project }) => project);
        return E.right([...new Set(names)].toSorted());
      }),
    originalOrganisations: (within) =>
      read(() => {
        const counts = new Map<string, number>();
        for (const place of Object.values(numbers.view().places))
          if (isIn(within, place)) counts.set(place.organisation, (counts.get(place.organisation) ?? 0) + 1);
        return E.right(
          [...counts]
            .map(([name, projects]) => ({ name, projects }))
            .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
        );
      }),
    watchOriginal: () => numbers.view$.pipe(map(() => numbers.position())),
  };
};
