/** What does it cost to run a job on a runner so that nothing of it is lost, beside ways that lose it? Every job is `true`. */
import { FORKS, forksGroup } from './dispatch/forks.js';
import { LATENCY, latencyGroups } from './dispatch/latency.js';
import { MANY, manyAtOnce } from './dispatch/many-at-once.js';
import { AT_ONCE, CPU, RATE, throughputGroups } from './dispatch/throughput.js';
import { cannotCount } from './fleet/counted.js';
import { openEngine } from './fleet/engine.js';
import { startMachine } from './fleet/machine.js';
import { openMux } from './fleet/mux.js';
import { BASICS, missing, missingOf, type Missing, type Program } from './fleet/programs.js';
import {
  goalOf,
  groupsInTurn,
  machine,
  ratioOf,
  type Aim,
  type Goal,
  type Group,
  type Report,
  type Row,
} from './report.js';
import { tidily, type Undoing } from './store/tidily.js';

const ROUNDS = 5;

/** One part after the other, each with servers of its own. */
const part = (make: (undoing: Undoing) => Promise<readonly Group[]>): Promise<readonly Row[]> =>
  tidily(async (undoing) => groupsInTurn(await make(undoing), ROUNDS));

interface Size {
  readonly jobs: number;
  readonly times: number;
  readonly slots: number;
  readonly counted: number;
  readonly watchMs: number;
}

const FULL: Size = { jobs: 200, times: 100, slots: 64, counted: 40, watchMs: 3_000 };
const QUICK: Size = { jobs: 2, times: 2, slots: 12, counted: 2, watchMs: 200 };

const measure = async (size: Size, without: Missing): Promise<readonly Row[]> => {
  const sides = async (undoing: Undoing) => {
    const runner = await startMachine(undoing);
    return {
      machine: runner,
      mux: await openMux(runner, undoing),
      engine: await openEngine(runner, AT_ONCE, undoing),
    };
  };
  return [
    ...(await part(async (undoing) => throughputGroups(await sides(undoing), size.jobs, without, undoing))),
    ...(await part(async (undoing) => {
      const { engine, mux } = await sides(undoing);
      return latencyGroups(engine, mux, size.times);
    })),
    ...(await part((undoing) => manyAtOnce(size.slots, undoing))),
    ...(cannotCount() === undefined
      ? await part(async (undoing) => [await forksGroup(size.counted, size.watchMs, undoing)])
      : []),
  ];
};

export const dispatchBench = async (quick: boolean, without = missing): Promise<Report> => {
  const size = quick ? QUICK : FULL;
  const { slots } = size;
  const absent = missingOf(BASICS, without);
  const rows = absent === undefined ? await measure(size, without) : [];
  const over = (a: string, b: string, aim: Aim, peers: readonly Program[] = [], name = `${a} / ${b}`): Goal =>
    goalOf(name, aim, () => ratioOf(rows, a, b), missingOf([...BASICS, ...peers], without));
  const itself = (name: string, aim: Aim, why: string | undefined): Goal =>
    goalOf(name, aim, () => rows.find((row) => row.name === name)?.median ?? NaN, absent ?? why);
  return {
    bench: 'dispatch',
    machine: machine(),
    rows,
    goals: [
      over(RATE.ours, RATE.parallel, ['>=', 6], ['parallel']),
      over(RATE.ours, RATE.xargs, ['>=', 1.6], ['xargs']),
      over(RATE.ours, RATE.exec, ['>=', 0.7]),
      over(LATENCY.ours.p50, LATENCY.mux.p50, ['<=', 0.45]),
      over(LATENCY.ours.p99, LATENCY.mux.p99, ['<=', 1]),
      over(
        LATENCY.ours.p50,
        LATENCY.spaced.p50,
        ['<=', 1.5],
        [],
        'one at a time, back to back / spaced, p50',
      ),
      itself(MANY.failed(slots), ['<=', 0], undefined),
      over(MANY.usual(slots), MANY.ample(slots), ['>=', 0.9]),
      over(CPU.ours, CPU.parallel, ['<=', 0.06], ['parallel']),
      ...(
        [
          [FORKS.perJob, 3],
          [FORKS.running, 0],
          [FORKS.processes, 7],
        ] as const
      ).map(([name, most]) => itself(name, ['<=', most], cannotCount())),
    ],
  };
};
