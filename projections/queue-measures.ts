/** How deep the queue was and how long jobs waited: by the minute for a day, by the hour for 30 days. */
import type { BatonEvent, JobEvent } from '../src/events/catalog.js';
import { isJobEvent } from '../src/events/catalog.js';
import type { Projection } from '../src/kernel/projection.js';
import type { Instant } from '../src/kernel/time.js';
import { isJobEnd } from './summary.js';
import { drop, find, idIn, put } from './table.js';
import { addWait, waitAt, type WaitHistogram } from './wait-histogram.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How much is kept at each step. */
const STEPS = {
  '1m': { stepMs: MINUTE_MS, keptMs: DAY_MS },
  '1h': { stepMs: HOUR_MS, keptMs: 30 * DAY_MS },
} as const;
type Step = keyof typeof STEPS;

/** A clock that goes back by more was set: what it said before was wrong. Less is the difference between two servers. */
const SET_BACK_MS = HOUR_MS;

/** How it was at the end of a bucket; it stays so while nothing happens. `oldest`: ms since 1970. */
interface Level {
  readonly depth: number;
  readonly running: number;
  readonly oldest?: number;
}

interface Bucket {
  /** Its beginning, in steps since 1970. */
  readonly n: number;
  depthMax: number;
  depthEnd: number;
  running: number;
  started: number;
  waits: WaitHistogram;
  /** Since when the oldest waits; set when the bucket is over. */
  oldest?: number;
}

/** Buckets in which something happened, oldest first, and how it was before the first of them. */
interface Series {
  before: Level;
  buckets: Bucket[];
}

interface MeasuredJob {
  status: 'queued' | 'assigned' | 'running';
  /** Since when it waits, or has waited; ms since 1970. */
  since: number;
}

/** Times are of `recordedAt`, and never go back. */
export interface QueueMeasuresView {
  jobs: Record<string, MeasuredJob>;
  depth: number;
  running: number;
  lastMs: number;
  readonly series: Readonly<Record<Step, Series>>;
}

/** Since when the one waits that has waited longest. */
const oldestIn = ({ jobs, depth }: QueueMeasuresView): number | undefined => {
  if (depth === 0) return undefined;
  let oldest: number | undefined;
  for (const { status, since } of Object.values(jobs))
    if (status === 'queued' && (oldest === undefined || since < oldest)) oldest = since;
  return oldest;
};

const levelAfter = ({ depthEnd, running, oldest }: Bucket): Level => ({
  ...{ depth: depthEnd, running },
  ...(oldest === undefined ? {} : { oldest }),
});

/** The bucket of that time, with those before it closed and those that are too old forgotten. */
const bucketAt = (view: QueueMeasuresView, step: Step, ms: number): Bucket => {
  const { stepMs, keptMs } = STEPS[step];
  const series = view.series[step];
  const n = Math.floor(ms / stepMs);
  const last = series.buckets.at(-1);
  if (last?.n === n) return last;
  const oldest = oldestIn(view);
  if (last !== undefined) {
    // it may have been closed before, by a clock that was set back
    delete last.oldest;
    if (oldest !== undefined) last.oldest = oldest;
  }
  const { depth, running } = view;
  const bucket = { n, depthMax: depth, depthEnd: depth, running, started: 0, waits: {} };
  series.buckets.push(bucket);
  const first = n - keptMs / stepMs;
  const gone = series.buckets.findIndex((kept) => kept.n > first);
  const newest = series.buckets[gone - 1];
  if (newest !== undefined) series.before = levelAfter(newest);
  series.buckets.splice(0, gone);
  return bucket;
};

/** What an event's own clock says, as time that does not go back. */
const timeOf = (view: QueueMeasuresView, recordedAt: Instant): number => {
  const ms = Date.parse(recordedAt);
  if (!(ms < view.lastMs - SET_BACK_MS)) return ms > view.lastMs ? ms : view.lastMs;
  for (const step of ['1m', '1h'] as const) {
    const series = view.series[step];
    series.buckets = series.buckets.filter(({ n }) => n <= Math.floor(ms / STEPS[step].stepMs));
  }
  return ms;
};

const move = (view: QueueMeasuresView, job: MeasuredJob, status: MeasuredJob['status'] | 'gone'): void => {
  if (job.status === 'queued') view.depth--;
  if (job.status === 'running') view.running--;
  if (status === 'gone') return;
  job.status = status;
  if (status === 'queued') view.depth++;
  if (status === 'running') view.running++;
};

/** Answers how long the job has waited that starts with it. */
const evolveJob = (view: QueueMeasuresView, id: string, event: JobEvent, ms: number): number | undefined => {
  const job = find(view.jobs, id);
  if (event.type === 'JobQueued') {
    if (job !== undefined) move(view, job, 'gone');
    put(view.jobs, id, { status: 'queued', since: ms });
    view.depth++;
  } else if (job === undefined) return undefined;
  else if (isJobEnd(event)) {
    move(view, job, 'gone');
    drop(view.jobs, id);
  } else if (event.type === 'JobAssigned') move(view, job, 'assigned');
  else if (event.type === 'JobStarted') {
    const before = job.status;
    move(view, job, 'running');
    return before === 'running' ? undefined : Math.max(0, ms - job.since);
  } else if (event.type === 'JobRequeued') {
    move(view, job, 'queued');
    job.since = ms;
  }
  return undefined;
};

const noSeries = (): Series => ({ before: { depth: 0, running: 0 }, buckets: [] });

/** Folds the streams `job-<id>`. */
export const queueMeasures: Projection<QueueMeasuresView, BatonEvent> = {
  name: 'queue_measures',
  version: 1,
  init: () => ({
    ...{ jobs: {}, depth: 0, running: 0, lastMs: 0 },
    series: { '1m': noSeries(), '1h': noSeries() },
  }),
  evolve: (view, { stream, event, metadata }) => {
    const id = idIn('job', stream);
    if (id === undefined || !isJobEvent(event)) return;
    const ms = timeOf(view, metadata.recordedAt);
    view.lastMs = ms;
    const buckets = [bucketAt(view, '1m', ms), bucketAt(view, '1h', ms)];
    const waited = evolveJob(view, id, event, ms);
    for (const bucket of buckets) {
      bucket.depthMax = Math.max(bucket.depthMax, view.depth);
      bucket.depthEnd = view.depth;
      bucket.running = view.running;
      if (waited === undefined) continue;
      bucket.started++;
      addWait(bucket.waits, waited);
    }
  },
};

/** A stretch of time from `at` on. Waits are of the jobs that started in it; null: none did. */
export interface QueueMeasure {
  readonly at: Instant;
  readonly depthMax: number;
  readonly depthEnd: number;
  /** How many ran at its end. */
  readonly running: number;
  readonly started: number;
  readonly waitP50Ms: number | null;
  readonly waitP95Ms: number | null;
  /** How long the oldest had waited at its end; absent when none waited. */
  readonly oldestMs?: number;
}

export interface QueueMeasures {
  readonly step: Step;
  readonly items: readonly QueueMeasure[];
}

/** Who asks for the last day has computed that a moment ago. */
const SLACK_MS = MINUTE_MS;

/** By the minute where that is kept, else by the hour; each step from `since` to `until` is there, as far back as is kept. In ms since 1970. */
export const measuresBetween = (
  view: QueueMeasuresView,
  span: { readonly sinceMs: number; readonly untilMs: number; readonly nowMs: number },
): QueueMeasures => {
  const nowMs = Math.max(span.nowMs, view.lastMs);
  const step = span.sinceMs >= nowMs - DAY_MS - SLACK_MS ? '1m' : '1h';
  const { stepMs, keptMs } = STEPS[step];
  const { buckets, before } = view.series[step];
  const from = Math.floor(Math.max(span.sinceMs, nowMs - keptMs) / stepMs);
  // the step that goes on is part of what lasts until now
  const end = span.untilMs < nowMs ? Math.ceil(span.untilMs / stepMs) : Math.floor(nowMs / stepMs) + 1;
  const oldestNow = oldestIn(view);
  const last = buckets.at(-1);
  const present: Level = {
    ...{ depth: view.depth, running: view.running },
    ...(oldestNow === undefined ? {} : { oldest: oldestNow }),
  };
  const level = (bucket: Bucket): Level => (bucket === last ? present : levelAfter(bucket));
  let next = buckets.findIndex(({ n }) => n >= from);
  if (next < 0) next = buckets.length;
  const earlier = buckets[next - 1];
  let now = earlier === undefined ? before : level(earlier);
  const items: QueueMeasure[] = [];
  for (let n = from; n < end; n++) {
    const bucket = buckets[next]?.n === n ? buckets[next++] : undefined;
    if (bucket !== undefined) now = level(bucket);
    const { depth, running, oldest } = now;
    items.push({
      ...{ at: new Date(n * stepMs).toISOString(), depthMax: bucket?.depthMax ?? depth, depthEnd: depth },
      ...{ running, started: bucket?.started ?? 0 },
      waitP50Ms: waitAt(bucket?.waits ?? {}, 0.5),
      waitP95Ms: waitAt(bucket?.waits ?? {}, 0.95),
      ...(oldest === undefined ? {} : { oldestMs: Math.max(0, Math.min((n + 1) * stepMs, nowMs) - oldest) }),
    });
  }
  return { step, items };
};
