/** The queue as somebody asks for it: some of what waits and runs, of what the caller may see, and how much there is of it. */
import {
  entryOf,
  queueRows,
  unmatchedIn,
  waitingOf,
  type LiveJob,
  type QueueEntry,
  type QueueRow,
  type QueueRows,
  type QueueState,
  type QueueView,
} from '../../projections/queue.js';
import type { QueuePolicy } from '../domain/queue-policy.js';
import type { Position } from '../kernel/recorded.js';
import type { Instant } from '../kernel/time.js';
import type { Sees } from './calls.js';

/** `active`: assigned or running; `unmatched`: queued, and nothing enrolled can ever match. */
export type WantedStatus = QueueEntry['status'] | 'active' | 'unmatched';

/** The places of a part that are wanted, counted from 0, both included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is wanted; of filters all that are given must hold. Names are compared as they are. */
export interface QueueRequest {
  /** From the one at this place among those that fit, counted from 0. */
  readonly offset?: number;
  /** Absent: all that follow. */
  readonly limit?: number;
  /** Of what is assigned or runs. */
  readonly active?: Span;
  /** Of what is queued. */
  readonly waiting?: Span;
  readonly project?: string;
  readonly stage?: string;
  readonly status?: WantedStatus;
  /** The word for why it waits. */
  readonly reason?: string;
  readonly runner?: string;
  /** Found in project, title of the change, phase, label, runner or id, whether letters are small or not. */
  readonly q?: string;
  readonly sees?: Sees;
}

/** `unmatched`: of those that are queued, the ones that nothing enrolled can ever match. */
export type QueueCounts = Readonly<Record<'queued' | 'assigned' | 'running' | 'unmatched', number>>;

/** Jobs in the queue that the caller does not see: how many, and no word about them. */
export type OtherJobs = Readonly<Record<'queued' | 'assigned' | 'running', number>>;

/** Some of a part, from the one at place `offset`, and how many of it fit the filters. */
export interface QueuePart {
  readonly offset: number;
  readonly total: number;
  readonly entries: readonly QueueEntry[];
}

export interface QueueAnswer extends QueueView {
  /** How many fit the filters. */
  readonly total: number;
  /** As asked for; of the same moment as everything else in the answer, so each job is in one part. */
  readonly active?: QueuePart;
  readonly waiting?: QueuePart;
  /** Of all that the caller sees, whatever the filters. */
  readonly counts: QueueCounts;
  /** When the one came that waits and came first, of those that the caller sees. */
  readonly oldestQueuedAt?: string;
  readonly others?: OtherJobs;
}

interface Counted {
  readonly counts: QueueCounts;
  readonly oldestQueuedAt?: string;
}

/** The order of dispatch at a position. */
export type QueueOrder = QueueRows & Counted;

const count = (rows: readonly QueueRow[], isUnmatched: (job: LiveJob) => boolean): Counted => {
  const counts = { queued: 0, assigned: 0, running: 0, unmatched: 0 };
  let oldest: string | undefined;
  for (const { job } of rows) {
    counts[job.status]++;
    if (job.status !== 'queued') continue;
    if (isUnmatched(job)) counts.unmatched++;
    if (oldest === undefined || job.queuedAt < oldest) oldest = job.queuedAt;
  }
  return { counts, ...(oldest === undefined ? {} : { oldestQueuedAt: oldest }) };
};

/** Orders and counts when the view has changed, and not for everybody who asks in between. */
export const keptOrder = (
  policy: Pick<QueuePolicy, 'ageingMs'>,
): ((view: QueueState, position: Position) => QueueOrder) => {
  let kept:
    { readonly view: QueueState; readonly position: Position; readonly order: QueueOrder } | undefined;
  return (view, position) => {
    if (kept?.view !== view || kept.position !== position) {
      const before = kept?.view === view ? kept.order : undefined;
      const { rows, nextOrder, left } = queueRows(view, policy, before);
      kept = { view, position, order: { rows, nextOrder, left, ...count(rows, unmatchedIn(view)) } };
    }
    return kept.order;
  };
};

/** What a job can be found by, in small letters, but for its runner: made when it is first looked for, since it stays so. */
const texts = new WeakMap<LiveJob, string>();

const textOf = ({ jobId, job }: QueueRow): string => {
  const known = texts.get(job);
  if (known !== undefined) return known;
  const { project, changeTitle = '', phase, label } = job;
  // what is looked for is one line
  const text = [project, changeTitle, phase, label, jobId].join('\n').toLowerCase();
  texts.set(job, text);
  return text;
};

const hasText = (row: QueueRow, wanted: string): boolean =>
  textOf(row).includes(wanted) || row.job.runner?.toLowerCase().includes(wanted) === true;

const hasStatus = (view: QueueState, wanted: WantedStatus): ((job: LiveJob) => boolean) => {
  if (wanted === 'active') return ({ status }) => status !== 'queued';
  return wanted === 'unmatched' ? unmatchedIn(view) : ({ status }) => status === wanted;
};

/** Undefined: everything fits. */
const filterOf = (
  view: QueueState,
  { project, stage, status, reason, runner, q }: QueueRequest,
  now: Instant | undefined,
): ((row: QueueRow) => boolean) | undefined => {
  if ([project, stage, status, reason, runner, q].every((given) => given === undefined)) return undefined;
  const wanted = q?.toLowerCase();
  const isSo = status === undefined ? () => true : hasStatus(view, status);
  return (row) =>
    (project === undefined || row.job.project === project) &&
    (stage === undefined || row.job.stage === stage) &&
    isSo(row.job) &&
    (runner === undefined || row.job.runner === runner) &&
    (reason === undefined || waitingOf(view, row.job, now)?.reason === reason) &&
    (wanted === undefined || hasText(row, wanted));
};

/** Blockers may be jobs of others; a job is known by its place in the queue, a runner is everybody's to see. */
const withoutOthers = (entry: QueueEntry, view: QueueState, sees: Sees): QueueEntry => {
  if (entry.waiting === undefined) return entry;
  const isShown = (id: string): boolean => {
    const job = Object.hasOwn(view.jobs, id) ? view.jobs[id] : undefined;
    return job === undefined || sees(job);
  };
  return { ...entry, waiting: { ...entry.waiting, blockers: entry.waiting.blockers.filter(isShown) } };
};

const othersOf = (all: QueueCounts, seen: QueueCounts): OtherJobs => ({
  queued: all.queued - seen.queued,
  assigned: all.assigned - seen.assigned,
  running: all.running - seen.running,
});

/** The parts that are asked for. */
const partsOf = (
  fitting: readonly QueueRow[],
  request: Pick<QueueRequest, 'active' | 'waiting'>,
  shownOf: (rows: readonly QueueRow[]) => readonly QueueEntry[],
): Pick<QueueAnswer, 'active' | 'waiting'> => {
  const part = (span: Span, isOf: (row: QueueRow) => boolean): QueuePart => {
    const rows = fitting.filter(isOf);
    return {
      offset: span.from,
      total: rows.length,
      entries: shownOf(rows.slice(span.from, span.to + 1)),
    };
  };
  const { active, waiting } = request;
  return {
    ...(active === undefined ? {} : { active: part(active, ({ job }) => job.status !== 'queued') }),
    ...(waiting === undefined ? {} : { waiting: part(waiting, ({ job }) => job.status === 'queued') }),
  };
};

/** Only what is asked for is made ready to be shown. `now` as with `toQueueView`. */
export const queueWindow = (
  order: QueueOrder,
  { view, position }: { readonly view: QueueState; readonly position: Position },
  request: QueueRequest,
  now: Instant | undefined,
): QueueAnswer => {
  const { sees, offset, limit } = request;
  const shown = sees === undefined ? order.rows : order.rows.filter(({ job }) => sees(job));
  const { counts, oldestQueuedAt } = sees === undefined ? order : count(shown, unmatchedIn(view));
  const fits = filterOf(view, request, now);
  const fitting = fits === undefined ? shown : shown.filter(fits);
  const shownOf = (rows: readonly QueueRow[]): readonly QueueEntry[] => {
    const entries = rows.map((row) => entryOf(view, row, now));
    return sees === undefined ? entries : entries.map((entry) => withoutOthers(entry, view, sees));
  };
  const parts = partsOf(fitting, request, shownOf);
  // who asks for parts alone need not be given everything a second time
  const isPartsAlone = Object.keys(parts).length > 0 && limit === undefined && offset === undefined;
  const from = offset ?? 0;
  return {
    position,
    entries: isPartsAlone ? [] : shownOf(fitting.slice(from, from + (limit ?? Infinity))),
    total: fitting.length,
    ...parts,
    counts,
    ...(oldestQueuedAt === undefined ? {} : { oldestQueuedAt }),
    ...(sees === undefined ? {} : { others: othersOf(order.counts, counts) }),
  };
};
