/** Which rows of history fit a question? Newest first, page by page, without reading what cannot fit. */
import type { Scope } from '../src/events/shapes.js';
import type { HistoryRow, HistoryView } from './history.js';
import { instantOf } from './history-row.js';
import { find } from './table.js';

/** All that are given must hold. `actor`: who asked for the cancel. `since` is inclusive, `until` is not. */
export interface HistoryFilter {
  readonly job?: string;
  readonly change?: string;
  readonly runner?: string;
  readonly enterprise?: string;
  readonly organisation?: string;
  readonly project?: string;
  readonly pipeline?: string;
  readonly stage?: string;
  readonly phase?: string;
  /** One of the outcomes, `requeued`, or `running` for attempts that have none yet. */
  readonly outcome?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
  /** True for the scopes whose rows may be shown; absent: all. */
  readonly sees?: (scope: Scope) => boolean;
}

/** `next`: the row number at which the next page begins, counted down; absent behind the last row. */
export interface HistoryPage {
  readonly items: readonly HistoryRow[];
  readonly next?: number;
}

type Test = (row: HistoryRow) => boolean;

/** Filters that a member of the row must equal. */
const members = {
  job: 'jobId',
  change: 'changeId',
  runner: 'runner',
  enterprise: 'enterprise',
  organisation: 'organisation',
  project: 'project',
  pipeline: 'pipeline',
  stage: 'stage',
  phase: 'phase',
  actor: 'cancelledBy',
} as const satisfies Partial<Record<keyof HistoryFilter, keyof HistoryRow>>;

/** One test for each filter that is given: reading every row costs only what was asked. */
const testsOf = (filter: HistoryFilter): readonly Test[] => {
  const { outcome, since, until, sees } = filter;
  const equal = (Object.keys(members) as (keyof typeof members)[]).flatMap((name): readonly Test[] => {
    const wanted = filter[name];
    const member = members[name];
    return wanted === undefined ? [] : [(row) => row[member] === wanted];
  });
  return [
    ...(sees === undefined ? [] : [sees]),
    ...equal,
    ...(outcome === undefined ? [] : [(row: HistoryRow) => (row.outcome ?? 'running') === outcome]),
    ...(since === undefined ? [] : [(row: HistoryRow) => instantOf(row) >= since]),
    ...(until === undefined ? [] : [(row: HistoryRow) => instantOf(row) < until]),
  ];
};

/** The shortest list of row numbers that holds all that can fit; undefined when only reading all will do. */
const candidates = ({ index }: HistoryView, filter: HistoryFilter): readonly number[] | undefined => {
  const { job, change, runner } = filter;
  const lists = [
    ...(job === undefined ? [] : [find(index.job, job) ?? []]),
    ...(change === undefined ? [] : [find(index.change, change) ?? []]),
    ...(runner === undefined ? [] : [find(index.runner, runner) ?? []]),
  ];
  return lists.length === 0
    ? undefined
    : lists.reduce((shortest, list) => (list.length < shortest.length ? list : shortest));
};

/** How many numbers of a growing list are below `limit`. */
const countBelow = (numbers: readonly number[], limit: number): number => {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Row numbers from `from` downwards that can fit. */
function* downwards(view: HistoryView, filter: HistoryFilter, from: number): Generator<number> {
  const among = candidates(view, filter);
  if (among === undefined) for (let i = Math.min(from, view.rows.length - 1); i >= 0; i--) yield i;
  else for (let i = countBelow(among, from + 1) - 1; i >= 0; i--) yield among[i] ?? 0;
}

/** Numbers of all rows that fit, downwards. */
function* fitting(view: HistoryView, filter: HistoryFilter, from: number): Generator<number> {
  const tests = testsOf(filter);
  for (const number of downwards(view, filter, from)) {
    const row = view.rows[number];
    if (row !== undefined && tests.every((holds) => holds(row))) yield number;
  }
}

/** Every row that fits, newest first: the attempt that was assigned last, or ended last without an assignment. */
export function* historyRows(view: HistoryView, filter: HistoryFilter): Generator<HistoryRow> {
  for (const number of fitting(view, filter, Infinity)) {
    const row = view.rows[number];
    if (row !== undefined) yield row;
  }
}

/** At most `limit` rows, from the row numbered `from` on. Rows that appear later are newer: no page shows or misses them. */
export const historyPage = (
  view: HistoryView,
  filter: HistoryFilter,
  { from = Infinity, limit }: { readonly from?: number; readonly limit: number },
): HistoryPage => {
  const items: HistoryRow[] = [];
  for (const number of fitting(view, filter, from)) {
    const row = view.rows[number];
    if (items.length === limit) return { items, next: number };
    if (row !== undefined) items.push(row);
  }
  return { items };
};
