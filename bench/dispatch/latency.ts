/** Milliseconds of one job at a time, when nothing else is wanted. */
import { allSucceeded, type Ended, type Engine } from '../fleet/engine.js';
import type { Mux } from '../fleet/mux.js';
import { percentile, type Group } from '../report.js';

const PAUSE_MS = 200;

const both = (name: string) => ({ p50: `${name}, p50`, p99: `${name}, p99` });

export const LATENCY = {
  ours: both('one at a time, promotion to end'),
  assigned: both('one at a time, assignment to end'),
  spaced: both(`the same with ${PAUSE_MS} ms between, promotion to end`),
  mux: both('ssh -S mux true'),
} as const;

const row = (name: string) => [name, 'ms'] as const;
const rowsOf = ({ p50, p99 }: ReturnType<typeof both>) => [row(p50), row(p99)];
const of = (values: readonly number[]): readonly number[] => [percentile(values, 50), percentile(values, 99)];

const inARow = async (engine: Engine, times: number, pauseMs: number): Promise<readonly Ended[]> => {
  const all: Ended[] = [];
  for (let n = 0; n < times; n++) {
    const job = await engine.promote('true');
    all.push(await job.ended);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  allSucceeded(all);
  return all;
};

const fromPromotion = ({ promotedAt, endedAt }: Ended): number => endedAt - promotedAt;
const fromAssignment = ({ assignedAt, endedAt }: Ended): number => endedAt - assignedAt;

export const latencyGroups = (engine: Engine, mux: Mux, times: number): readonly Group[] => [
  {
    rows: [...rowsOf(LATENCY.ours), ...rowsOf(LATENCY.assigned)],
    measure: async () => {
      const ended = await inARow(engine, times, 0);
      return [...of(ended.map(fromPromotion)), ...of(ended.map(fromAssignment))];
    },
  },
  {
    rows: rowsOf(LATENCY.mux),
    measure: async () => of(await mux.timed('true', times)),
  },
  {
    rows: rowsOf(LATENCY.spaced),
    measure: async () => of((await inARow(engine, Math.ceil(times / 4), PAUSE_MS)).map(fromPromotion)),
  },
];
