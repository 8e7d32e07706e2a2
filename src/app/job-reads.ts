/** What can be asked of jobs, queue and history, now or as it was: everything here only reads. */
import * as E from 'fp-ts/lib/Either.js';
import { explain, explainJob, type ExplainView } from '../../projections/explain.js';
import { history, type HistoryView } from '../../projections/history.js';
import { historyPage, historyRows, type HistoryFilter } from '../../projections/history-page.js';
import { summarise } from '../../projections/history-summary.js';
import { jobs, type JobsView, type JobView } from '../../projections/jobs.js';
import { queue, type QueueState } from '../../projections/queue.js';
import { timelineEntry, unreadableEntry, type TimelineEntry } from '../../projections/timeline.js';
import type { Compatibility } from '../domain/compatibility.js';
import type { QueuePolicy } from '../domain/queue-policy.js';
import { decode } from '../events/catalog.js';
import { comparePositions, type Position } from '../kernel/recorded.js';
import type { Instant } from '../kernel/time.js';
import { appError, type AppError } from './errors.js';
import { storeFailure } from './handle.js';
import type { Moment } from './moments.js';
import { cursorOf, readCursor, type Page, type PageRequest } from './pages.js';
import type { AtMoment, ViewSource } from './past.js';
import type { EventStore } from './ports.js';
import { keptOrder, queueWindow } from './queue-window.js';
import type { JobFilter, Sees, UseCases } from './use-cases.js';
import { matchesFilter } from './watch-jobs.js';

/** The views that are read: live ones, or those of a moment. */
export interface JobSources {
  readonly jobs: ViewSource<JobsView>;
  readonly queue: ViewSource<QueueState>;
  readonly history: ViewSource<HistoryView>;
  readonly explain: ViewSource<ExplainView>;
}

/** The sources of a moment. */
export const jobSourcesAt = ({ of }: AtMoment): JobSources => ({
  jobs: of(jobs),
  queue: of(queue),
  history: of(history),
  explain: of(explain),
});

const MIN_PREFIX = 4;

/** The job with that id, or the only one whose id starts so, among those that are seen. */
export const findJob = (view: JobsView, id: string, sees: Sees = () => true): E.Either<AppError, JobView> => {
  const exact = Object.hasOwn(view, id) ? view[id] : undefined;
  if (exact !== undefined && sees(exact)) return E.right(exact);
  const matching =
    id.length < MIN_PREFIX ? [] : Object.values(view).filter((j) => j.id.startsWith(id) && sees(j));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return E.right(only);
  return E.left(
    matching.length > 1
      ? appError('not_found', 'job_ambiguous', `${matching.length} jobs have ids that start with ${id}.`, {
          hint: 'Give more characters.',
        })
      : appError('not_found', 'job_unknown', `There is no job ${id}.`, { hint: 'baton job list' }),
  );
};

/** Newest first; the id settles the order of jobs queued in the same millisecond. */
type Place = Pick<JobView, 'queuedAt' | 'id'>;
const isBefore = (a: Place, b: Place): boolean =>
  a.queuedAt === b.queuedAt ? a.id > b.id : a.queuedAt > b.queuedAt;

const placeFrom = ([queuedAt, id]: readonly unknown[]): Place | undefined =>
  typeof queuedAt === 'string' && typeof id === 'string' ? { queuedAt, id } : undefined;

/** The first `count` in order. Jobs are kept as they were queued, so from behind nearly all are in order already. */
const firstOf = (candidates: readonly JobView[], count: number): readonly JobView[] => {
  const first: JobView[] = [];
  for (let i = candidates.length - 1; i >= 0; i--) {
    const job = candidates[i];
    const last = first[count - 1];
    if (job === undefined || (last !== undefined && !isBefore(job, last))) continue;
    let at = first.length;
    for (let before = first[at - 1]; before !== undefined && isBefore(job, before); before = first[at - 1])
      at--;
    first.splice(at, 0, job);
    first.length = Math.min(first.length, count);
  }
  return first;
};

/** One page of the jobs that fit. Places never change, so that no job is missed or shown twice while others come. */
export const jobPage = (
  view: JobsView,
  filter: JobFilter,
  { cursor, limit }: PageRequest,
): E.Either<AppError, Page<JobView>> => {
  const from = readCursor('jobs', cursor, placeFrom);
  if (E.isLeft(from)) return from;
  const start = from.right;
  const fitting = Object.values(view).filter(
    (job) => matchesFilter(job, filter) && (start === undefined || !isBefore(job, start)),
  );
  const found = firstOf(fitting, limit + 1);
  const next = found[limit];
  return E.right({
    items: structuredClone(found.slice(0, limit)),
    ...(next === undefined ? {} : { next: cursorOf('jobs', next.queuedAt, next.id) }),
  });
};

/** A full id, or the only known one that starts so; what is unknown stays as it is, and finds nothing. */
const whole = (
  { rows }: HistoryView,
  known: Readonly<Record<string, readonly number[]>>,
  id: string,
  sees: Sees = () => true,
): E.Either<AppError, string> => {
  if (Object.hasOwn(known, id) || id.length < MIN_PREFIX) return E.right(id);
  const isSeen = (numbers: readonly number[]): boolean => {
    const row = rows[numbers[0] ?? -1];
    return row !== undefined && sees(row);
  };
  const [only, ...more] = Object.entries(known).flatMap(([candidate, numbers]) =>
    candidate.startsWith(id) && isSeen(numbers) ? [candidate] : [],
  );
  return more.length === 0
    ? E.right(only ?? id)
    : E.left(
        appError('not_found', 'id_ambiguous', `${more.length + 1} ids start with ${id}.`, {
          hint: 'Give more characters.',
        }),
      );
};

const withWholeIds = (
  view: HistoryView,
  { job, change, ...rest }: HistoryFilter,
): E.Either<AppError, HistoryFilter> => {
  const jobId = job === undefined ? E.right(undefined) : whole(view, view.index.job, job, rest.sees);
  if (E.isLeft(jobId)) return jobId;
  const changeId =
    change === undefined ? E.right(undefined) : whole(view, view.index.change, change, rest.sees);
  if (E.isLeft(changeId)) return changeId;
  return E.right({
    ...rest,
    ...(jobId.right === undefined ? {} : { job: jobId.right }),
    ...(changeId.right === undefined ? {} : { change: changeId.right }),
  });
};

/** Row numbers are those of one way of counting: another version of the projection may count otherwise. */
const HISTORY_CURSOR = `history-${history.version}`;
const rowFrom = ([row]: readonly unknown[]): number | undefined =>
  typeof row === 'number' && Number.isSafeInteger(row) && row >= 0 ? row : undefined;

/** What happened to a job, up to a position when one is given. */
const readTimeline = async (
  store: Pick<EventStore, 'readStream'>,
  streams: readonly string[],
  upTo: Position | undefined,
): Promise<E.Either<AppError, readonly TimelineEntry[]>> => {
  const PAGE = 500;
  const entries: TimelineEntry[] = [];
  for (const stream of streams) {
    for (let from = 0; ; from += PAGE) {
      const page = await store.readStream(stream, { from, maxCount: PAGE })();
      if (E.isLeft(page)) {
        if (page.left.code === 'stream_not_found') break;
        return E.left(storeFailure(page.left));
      }
      for (const recorded of page.right)
        if (upTo === undefined || comparePositions(recorded.position, upTo) <= 0)
          entries.push(E.match(() => unreadableEntry(recorded), timelineEntry)(decode(recorded)));
      if (page.right.length < PAGE) break;
    }
  }
  return E.right(entries.sort((a, b) => comparePositions(a.position, b.position)));
};

type JobReads = Pick<
  UseCases,
  'listJobs' | 'showJob' | 'explainJob' | 'jobTimeline' | 'queue' | 'history' | 'summariseHistory'
>;

/** The path of Baton's folder for a slot of a runner, where it is known. */
export type FolderOn = (runner: string, slot?: number) => Promise<string | undefined>;

/** When it is read: `upTo` is the position that the sources are of, absent for the present; `now` how late it is there. */
export interface ReadAt {
  readonly upTo?: Position;
  readonly now: () => Instant | undefined;
  /** The rules that runners are judged by; absent of the past: nobody recorded them. */
  readonly compatibility?: Compatibility;
}

/** At that moment of the past. */
export const readAt = ({ position, time }: Moment): ReadAt => ({ upTo: position, now: () => time });

export const jobReads = (
  sources: JobSources,
  store: Pick<EventStore, 'readStream'>,
  policy: QueuePolicy,
  folderOn: FolderOn,
  { upTo, now, compatibility }: ReadAt,
): JobReads => {
  const show = async (id: string): Promise<E.Either<AppError, JobView>> => {
    await sources.jobs.caughtUp();
    const found = findJob(sources.jobs.view(), id);
    if (E.isLeft(found)) return found;
    const job = structuredClone(found.right);
    for (const attempt of job.attempts) {
      const { kept, runner, slot } = attempt;
      if (kept === undefined || runner === undefined) continue;
      const folder = await folderOn(runner, slot);
      if (folder !== undefined) attempt.kept = { ...kept, path: `${folder}/${kept.folder}` };
    }
    return E.right(job);
  };
  const orderOf = keptOrder(policy);

  return {
    listJobs: (filter, page) => async () => {
      await sources.jobs.caughtUp();
      return jobPage(sources.jobs.view(), filter, page);
    },
    showJob: (id) => () => show(id),
    explainJob: (id) => async () => {
      const found = await show(id);
      if (E.isLeft(found)) return found;
      await sources.explain.caughtUp();
      const answer = explainJob(sources.explain.view(), found.right.id, now(), compatibility);
      return answer === undefined
        ? E.left(appError('not_found', 'job_unknown', `There is no job ${id}.`))
        : E.right(answer);
    },
    jobTimeline: (id) => async () => {
      const found = await show(id);
      if (E.isLeft(found)) return found;
      const { id: jobId, phaseRunId } = found.right;
      const items = await readTimeline(store, [`phase_run-${phaseRunId}`, `job-${jobId}`], upTo);
      return E.isLeft(items) ? items : E.right({ jobId, items: items.right });
    },
    queue:
      (request = {}) =>
      async () => {
        await sources.queue.caughtUp();
        const [view, position] = [sources.queue.view(), sources.queue.position()];
        return E.right(queueWindow(orderOf(view, position), { view, position }, request, now()));
      },
    history:
      (wanted, { cursor, limit }) =>
      async () => {
        const from = readCursor(HISTORY_CURSOR, cursor, rowFrom);
        if (E.isLeft(from)) return from;
        await sources.history.caughtUp();
        const filter = withWholeIds(sources.history.view(), wanted);
        if (E.isLeft(filter)) return filter;
        const place = from.right === undefined ? {} : { from: from.right };
        const { items, next } = historyPage(sources.history.view(), filter.right, { ...place, limit });
        return E.right({
          items: structuredClone(items),
          ...(next === undefined ? {} : { next: cursorOf(HISTORY_CURSOR, next) }),
        });
      },
    summariseHistory: (wanted, by) => async () => {
      await sources.history.caughtUp();
      const filter = withWholeIds(sources.history.view(), wanted);
      if (E.isLeft(filter)) return filter;
      return E.right({ by, items: summarise(historyRows(sources.history.view(), filter.right), by) });
    },
  };
};
