/** What is shown of a phase: its jobs as they are, how long it waits or runs, and what may be done with it. */
import type { JobView } from '../../../projections/jobs.js';
import type { ChangeView, PhaseView } from '../../app/change-view.js';

/** `unseen`: ids of jobs that are not for the reader to see, or have not come yet. */
export interface PhaseRow {
  readonly phase: PhaseView;
  readonly jobs: readonly JobView[];
  readonly unseen: readonly string[];
  readonly times: Times;
}

/** Since when it waits or ran, and to when; absent: not known, or not yet. */
export interface Times {
  readonly queuedAt?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** It has not ended. */
export const isLive = ({ status }: Pick<JobView, 'status'>): boolean =>
  status === 'queued' || status === 'assigned' || status === 'running';

/** One whose end has been asked for is cancelling. */
export const jobStatus = (job: Pick<JobView, 'status' | 'cancelRequested'>): string =>
  job.cancelRequested !== undefined && isLive(job) ? 'cancelling' : job.status;

/** The runner that has it, or had it last. */
export const runnerOf = ({ attempts }: Pick<JobView, 'attempts'>): string | undefined =>
  attempts.findLast(({ runner }) => runner !== undefined)?.runner;

const present = (values: readonly (string | undefined)[]): readonly string[] =>
  values.filter((value) => value !== undefined).sort();

/** Of the jobs together: from the first that waited and the first that started to the last that ended. */
export const timesOf = (jobs: readonly JobView[]): Times => {
  const queuedAt = present(jobs.map((job) => job.queuedAt))[0];
  const startedAt = present(jobs.map((job) => job.startedAt))[0];
  const ends = present(jobs.map((job) => job.endedAt));
  const endedAt = ends.length === jobs.length ? ends.at(-1) : undefined;
  return {
    ...(queuedAt === undefined ? {} : { queuedAt }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
};

/** The phases in order, each with its jobs in the order of the matrix. */
export const phaseRows = (
  phases: readonly PhaseView[],
  known: ReadonlyMap<string, JobView>,
): readonly PhaseRow[] =>
  phases.map((phase) => {
    const jobs = phase.jobs.flatMap((id) => known.get(id) ?? []);
    const unseen = phase.jobs.filter((id) => !known.has(id));
    return { phase, jobs, unseen, times: timesOf(jobs) };
  });

const ENDED_UNWELL: ReadonlySet<string> = new Set([
  ...['failed', 'cancelled', 'timed_out', 'lost', 'expired', 'undeliverable'],
]);

/** It has ended, and not well: it is one that may be run again alone. */
export const isUnwell = ({ status }: Pick<PhaseView, 'status'>): boolean => ENDED_UNWELL.has(status);

/** Ids of all jobs of these runs, their consumers' among them. */
export const jobIdsOf = (runs: ChangeView['stages']): readonly string[] => [
  ...new Set(
    runs
      .flatMap(({ phases, consumers = [] }) => [
        ...phases,
        ...consumers.flatMap((consumer) => consumer.phases),
      ])
      .flatMap(({ jobs }) => jobs),
  ),
];

/** The jobs of these runs that have not ended, their consumers' among them. */
export const liveJobsOf = (
  runs: ChangeView['stages'],
  known: ReadonlyMap<string, JobView>,
): readonly JobView[] =>
  jobIdsOf(runs)
    .flatMap((id) => known.get(id) ?? [])
    .filter(isLive);

/** Jobs that were read, and those that were asked for: who asks may not see all of them. */
export interface ReadJobs {
  readonly byId: ReadonlyMap<string, JobView>;
  readonly asked: ReadonlySet<string>;
}

/** More than so many requests cost more than the whole list. */
const FEW = 6;

/** What to read again when something of the change is another: what has ended stays as it is. */
export const toRead = (ids: readonly string[], { byId, asked }: ReadJobs): readonly string[] | 'all' => {
  if (ids.some((id) => !asked.has(id))) return 'all';
  const live = ids.filter((id) => {
    const job = byId.get(id);
    return job !== undefined && isLive(job);
  });
  return live.length > FEW ? 'all' : live;
};

/** `unit(platform_family=rhel)`. */
export const jobName = ({ phase, label }: Pick<JobView, 'phase' | 'label'>): string =>
  label === '' ? phase : `${phase}(${label})`;
