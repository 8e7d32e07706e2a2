/** What the charts show: how deep the queue was and how long jobs had waited, of the spans that can be chosen. */
import type { QueueMeasures } from '../../app/measure-reads.js';

type Measure = QueueMeasures['items'][number];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `everyMs`: how often it is worth reading again while time goes on. */
export const spans = {
  '1h': { text: '1 hour', ms: HOUR_MS, everyMs: MINUTE_MS / 2 },
  '24h': { text: '24 hours', ms: 24 * HOUR_MS, everyMs: MINUTE_MS },
  '7d': { text: '7 days', ms: 7 * 24 * HOUR_MS, everyMs: 10 * MINUTE_MS },
  '30d': { text: '30 days', ms: 30 * 24 * HOUR_MS, everyMs: 10 * MINUTE_MS },
} as const;
export type SpanName = keyof typeof spans;

const isSpan = (name: string): name is SpanName => Object.hasOwn(spans, name);

/** The span that an address names; undefined if it names none that there is. */
export const spanOf = (name: string | undefined): SpanName | undefined =>
  name !== undefined && isSpan(name) ? name : undefined;
export const spanNames: readonly SpanName[] = ['1h', '24h', '7d', '30d'];

const oneTwoFive = (decades: number): readonly number[] =>
  Array.from({ length: decades }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** Distances between lines across a chart of jobs: whole ones. */
export const countSteps = oneTwoFive(7);

const SECOND_MS = 1000;
const DAY_MS = 24 * HOUR_MS;

/** Those of a chart of waits, in ms: as clocks count. */
export const waitSteps: readonly number[] = [
  ...oneTwoFive(3),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR_MS),
  ...oneTwoFive(3).map((n) => n * DAY_MS),
];

/** For the API. */
export const edgesOf = (
  span: SpanName,
  untilMs: number,
): { readonly since: string; readonly until: string } => ({
  since: new Date(untilMs - spans[span].ms).toISOString(),
  until: new Date(untilMs).toISOString(),
});

export interface ChartData {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly waiting: readonly number[];
  readonly running: readonly number[];
  /** In ms; null in steps in which nothing started. */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
}

export const chartDataOf = ({ items }: QueueMeasures): ChartData => ({
  times: items.map(({ at }) => Date.parse(at) / 1000),
  waiting: items.map(({ depthMax }) => depthMax),
  running: items.map(({ running }) => running),
  p50: items.map(({ waitP50Ms }) => waitP50Ms),
  p95: items.map(({ waitP95Ms }) => waitP95Ms),
});

/** A line of the table: of several steps what was most, of what is counted the sum, and what ran at the end. */
export interface ChartRow {
  readonly at: string;
  readonly waiting: number;
  readonly running: number;
  readonly started: number;
  readonly p50: number | null;
  readonly p95: number | null;
}

const most = (values: readonly (number | null)[]): number | null =>
  values.reduce((all, value) => (value === null ? all : Math.max(all ?? 0, value)), null);

const rowOf = (first: Measure, steps: readonly Measure[]): ChartRow => ({
  at: first.at,
  waiting: Math.max(...steps.map(({ depthMax }) => depthMax)),
  running: (steps.at(-1) ?? first).running,
  started: steps.reduce((sum, { started }) => sum + started, 0),
  p50: most(steps.map(({ waitP50Ms }) => waitP50Ms)),
  p95: most(steps.map(({ waitP95Ms }) => waitP95Ms)),
});

/** At most so many rows, newest first. */
export const chartRows = ({ items }: QueueMeasures, mostRows: number): readonly ChartRow[] => {
  const size = Math.max(1, Math.ceil(items.length / mostRows));
  const rows: ChartRow[] = [];
  for (let from = 0; from < items.length; from += size) {
    const steps = items.slice(from, from + size);
    const [first] = steps;
    if (first !== undefined) rows.push(rowOf(first, steps));
  }
  return rows.reverse();
};
