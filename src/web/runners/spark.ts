/** The last jobs of a runner as bars: how long each ran, how it ended, and the same in words. */
import type { RunnerView } from '../../../projections/runner-health.js';
import { lengthOfPast } from '../parts/length.js';

type Last = RunnerView['lastOutcomes'][number];

/** `solid`: as wished; `notched`: it ended badly; `hollow`: nobody let it end, or it never began. */
export type Shape = 'solid' | 'notched' | 'hollow';

export interface Bar {
  readonly jobId: string;
  /** 0 to 1 of the longest; one that never started has the least. */
  readonly height: number;
  readonly outcome: Last['outcome'];
  readonly shape: Shape;
  readonly title: string;
}

const shapes: Readonly<Record<Last['outcome'], Shape>> = {
  ...{ succeeded: 'solid', failed: 'notched', timed_out: 'notched', lost: 'notched' },
  ...{ cancelled: 'hollow', expired: 'hollow', undeliverable: 'hollow' },
};

/** Of the longest: what is shorter than this is not seen. */
const LEAST = 0.15;

const word = (outcome: string): string => outcome.replaceAll('_', ' ');

/** Lengths of jobs differ by orders of magnitude: the root keeps short ones visible beside long ones. */
const heightOf = (ranMs: number, longest: number): number =>
  longest <= 0 ? LEAST : Math.max(LEAST, Math.sqrt(ranMs / longest));

/** In the order of time: `outcomes` has the newest first, the bars last. */
export const barsOf = (outcomes: readonly Last[]): readonly Bar[] => {
  const longest = Math.max(0, ...outcomes.map(({ ranMs = 0 }) => ranMs));
  return [...outcomes].reverse().map(({ jobId, outcome, at, ranMs }) => ({
    ...{ jobId, outcome, shape: shapes[outcome], height: heightOf(ranMs ?? 0, longest) },
    title: `${word(outcome)}, ${ranMs === undefined ? 'never started' : `ran ${lengthOfPast(ranMs)}`}, ended ${at}`,
  }));
};

/** `last 20: 18 succeeded, 2 failed`, the most frequent first. */
export const outcomesText = (outcomes: readonly Last[]): string => {
  if (outcomes.length === 0) return 'no job has ended here yet';
  const counts = new Map<string, number>();
  for (const { outcome } of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const told = [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([outcome, count]) => `${count} ${word(outcome)}`);
  return `last ${outcomes.length}: ${told.join(', ')}`;
};
