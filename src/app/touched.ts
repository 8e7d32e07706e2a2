/** What of all that is shown does an event change? Named as those who show it ask for it, with who may know. */
import type { JobsView, JobView } from '../../projections/jobs.js';
import type { RunnerHealthView } from '../../projections/runner-health.js';
import type { BatonEvent } from '../events/catalog.js';
import type { Scope } from '../events/shapes.js';
import type { Recorded } from '../kernel/recorded.js';
import { isShown, type RunnerSight } from './seen-runners.js';

/** What is read as a whole. */
export const coarseTopics = ['queue', 'runners', 'changes'] as const;
export type CoarseTopic = (typeof coarseTopics)[number];

/** Of one thing: its coarse topic, if it has one beside it, and whether somebody may know of it. */
export interface Named {
  readonly coarse?: CoarseTopic;
  readonly isSeen: (sight: RunnerSight) => boolean;
}

/** What has been touched. A stream has one name, however often it was written to. */
export interface Touched {
  queue: boolean;
  /** Jobs whose place on a runner may be another. */
  readonly placed: Set<string>;
  readonly jobs: Set<string>;
  readonly runners: Set<string>;
  /** Runners that were looked at: an event tells of it only when it changed their state. */
  readonly looked: Set<string>;
  /** Streams that changes are made of, but for those of jobs. */
  readonly ofChanges: Set<string>;
}

export const untouched = (): Touched => ({
  ...{
    queue: false,
    placed: new Set(),
    jobs: new Set(),
    runners: new Set(),
    looked: new Set(),
    ofChanges: new Set(),
  },
});

/** What tells of a job, and moves it neither in the queue nor on a runner. */
const STAYS: ReadonlySet<string> = new Set([
  ...['JobReported', 'JobReportRefused', 'JobOutputSealed', 'JobCollectionPaused', 'JobCollectionResumed'],
]);

/** Notes it; cheap, since it is done for each event. */
export const touch = (touched: Touched, { stream, event }: Recorded<BatonEvent>): void => {
  const dash = stream.indexOf('-');
  const [category, id] = [stream.slice(0, dash), stream.slice(dash + 1)];
  switch (category) {
    case 'job':
      touched.jobs.add(id);
      if (STAYS.has(event.type)) return;
      touched.queue = true;
      touched.placed.add(id);
      return;
    case 'runner':
      touched.runners.add(id);
      if (event.type === 'RunnerProbed') touched.queue = true;
      return;
    case 'filter_class':
      touched.queue = true;
      return;
    case 'change':
    case 'stage_run':
    case 'phase_run':
      touched.ofChanges.add(stream);
  }
};

/** Where names are looked up, once the views include what touched them. */
export interface TouchedViews {
  readonly jobs: () => JobsView;
  readonly runners: () => RunnerHealthView;
  /** The changes that show what is in a stream of a change, a stage run or a phase run; `all`: any may. */
  readonly changesOf: (stream: string) => readonly (Scope & { readonly id: string })[] | 'all';
}

/** The topics that it comes to. `many`: also such as are not named. */
export interface TouchedTopics {
  readonly coarse: ReadonlySet<CoarseTopic>;
  readonly named: ReadonlyMap<string, Named>;
  readonly many: boolean;
}

const find = <Row>(table: Readonly<Record<string, Row>>, id: string): Row | undefined =>
  Object.hasOwn(table, id) ? table[id] : undefined;

/** So many are named, whoever asks: a flood of events must not fill memory. */
const MOST_NAMED = 5000;

export const topicsOf = (touched: Touched, views: TouchedViews): TouchedTopics => {
  const coarse = new Set<CoarseTopic>(touched.queue ? ['queue'] : []);
  const named = new Map<string, Named>();
  let many = false;
  const name = (topic: string, more: Named): void => {
    if (named.size < MOST_NAMED) named.set(topic, more);
    else many = true;
    if (more.coarse !== undefined) coarse.add(more.coarse);
  };
  const runners = new Set(touched.runners);
  const ofChanges = new Set(touched.ofChanges);
  for (const id of touched.jobs) {
    const job: JobView | undefined = find(views.jobs(), id);
    if (job === undefined) continue;
    const { enterprise, organisation, project } = job;
    name(`job:${id}`, { isSeen: ({ sees }) => sees({ enterprise, organisation, project }) });
    ofChanges.add(`phase_run-${job.phaseRunId}`);
    if (touched.placed.has(id)) for (const { runner } of job.attempts) if (runner) runners.add(runner);
  }
  for (const runner of new Set([...runners, ...touched.looked])) {
    const view = find(views.runners().runners, runner);
    if (view === undefined) continue;
    const isSeen = (sight: RunnerSight): boolean => isShown(view, sight);
    // a thousand runners are looked at all the time: who shows a list need not read it again for that
    name(`runner:${runner}`, runners.has(runner) ? { coarse: 'runners', isSeen } : { isSeen });
  }
  for (const stream of ofChanges) {
    const changes = views.changesOf(stream);
    if (changes === 'all') {
      coarse.add('changes');
      many = true;
      continue;
    }
    for (const change of changes)
      name(`change:${change.id}`, { coarse: 'changes', isSeen: ({ sees }) => sees(change) });
  }
  return { coarse, named, many };
};
