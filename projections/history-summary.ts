/** Rows of history counted: how they ended, how long they waited, how long they ran. */
import type { HistoryRow } from './history-row.js';
import { find, put } from './table.js';

/** What rows can be grouped by. */
export const summaryKeys = ['runner', 'project', 'change', 'phase', 'outcome'] as const;
export type SummaryKey = (typeof summaryKeys)[number];

/** Half of the values are at most `p50`, and 95 of 100 at most `p95`; each is one of the values (nearest rank). */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export interface HistorySummary {
  /** Empty for rows that have none, e.g. jobs that never got a runner. */
  readonly key: string;
  readonly attempts: number;
  /** Outcome → how many; `running` for those without one. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of the attempts that started. */
  readonly waitedMs?: Spread;
  /** Of the attempts that started and ended. */
  readonly ranMs?: Spread;
}

interface Group {
  attempts: number;
  readonly outcomes: Record<string, number>;
  readonly waitedMs: number[];
  readonly ranMs: number[];
}

const keyOf: Readonly<Record<SummaryKey, (row: HistoryRow) => string | undefined>> = {
  runner: (row) => row.runner,
  project: (row) => `${row.enterprise}/${row.organisation}/${row.project}`,
  change: (row) => row.changeId,
  phase: (row) => row.phase,
  outcome: (row) => row.outcome ?? 'running',
};

/** The spread of the values; undefined when there are none. */
export const spreadOf = (values: readonly number[]): Spread | undefined => {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (share: number): number | undefined => sorted[Math.ceil(share * sorted.length) - 1];
  const [p50, p95] = [rank(0.5), rank(0.95)];
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95 };
};

const add = (group: Group, row: HistoryRow): void => {
  const outcome = row.outcome ?? 'running';
  group.attempts++;
  put(group.outcomes, outcome, (find(group.outcomes, outcome) ?? 0) + 1);
  // what never started tells how long somebody waited in vain, not how long one waits
  if (row.startedAt !== undefined && row.waitedMs !== undefined) group.waitedMs.push(row.waitedMs);
  if (row.ranMs !== undefined) group.ranMs.push(row.ranMs);
};

/** One line per key, the key with most attempts first. */
export const summarise = (rows: Iterable<HistoryRow>, by: SummaryKey): readonly HistorySummary[] => {
  const groups: Record<string, Group> = {};
  for (const row of rows) {
    const key = keyOf[by](row) ?? '';
    const group = find(groups, key) ?? { attempts: 0, outcomes: {}, waitedMs: [], ranMs: [] };
    put(groups, key, group);
    add(group, row);
  }
  return Object.entries(groups)
    .map(([key, { attempts, outcomes, ...lengths }]) => {
      const [waitedMs, ranMs] = [spreadOf(lengths.waitedMs), spreadOf(lengths.ranMs)];
      return {
        key,
        attempts,
        outcomes,
        ...(waitedMs === undefined ? {} : { waitedMs }),
        ...(ranMs === undefined ? {} : { ranMs }),
      };
    })
    .sort((a, b) => b.attempts - a.attempts || (a.key < b.key ? -1 : 1));
};
