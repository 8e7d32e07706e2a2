/** How dear is a decision, does it grow with queue and fleet, and how much memory does a queued job take? */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fanOut } from '../src/dispatch/fan-out.js';
import { scheduler } from '../src/dispatch/scheduler.js';
import { dispatcher } from '../src/dispatch/dispatcher.js';
import { cancellation } from '../src/dispatch/cancellation.js';
import { watchdog } from '../src/dispatch/watchdog.js';
import type { BatonEvent } from '../src/events/catalog.js';
import type { Process } from '../src/kernel/process.js';
import type { Recorded } from '../src/kernel/recorded.js';
import { fifo } from './match/fifo.js';
import { scheduling, type Scheduling } from './match/fleet.js';
import { dice, enrolments, probes, queuedJob, servedBy } from './match/given.js';
import { atMost, inTurn, machine, ratioOf, spentMs, type Report, type Subject } from './report.js';

const indexed = () => scheduler({ fence: 1, policy: { ageingMs: 600_000, unmatchedMs: 3_600_000 } });

/** All runners busy, so many jobs waiting; a round ends jobs and queues new ones, so the depth stays. */
const decisions = (
  name: string,
  make: () => Scheduling,
  queued: number,
  runners: number,
  times: number,
): Subject => {
  const random = dice(1);
  const served = servedBy(runners);
  let fleet: Scheduling | undefined;
  const prepare = (): Scheduling => {
    const made = make();
    for (const event of enrolments(runners)) made.tell(event);
    for (let n = 0; n < queued + runners; n++) made.tell(queuedJob(random, served));
    for (const event of probes(runners)) made.tell(event);
    return made;
  };
  return {
    name,
    unit: 'µs',
    measure: () => {
      const ready = (fleet ??= prepare());
      const arriving = Array.from({ length: times }, () => queuedJob(random, served));
      const ms = spentMs(() => {
        for (const event of arriving) {
          ready.endOldest();
          ready.tell(event);
        }
      });
      return (ms * 1000) / times;
    },
  };
};

/** All jobs are queued, then the runners are found ready; until every job has ended. */
const drain = (name: string, make: () => Scheduling, queued: number, runners: number): Subject => ({
  name,
  unit: 'ms',
  measure: () => {
    const random = dice(2);
    const fleet = make();
    const served = servedBy(runners);
    for (const event of enrolments(runners)) fleet.tell(event);
    for (let n = 0; n < queued; n++) fleet.tell(queuedJob(random, served));
    const coming = probes(runners);
    let ended = 0;
    const ms = spentMs(() => {
      for (const event of coming) fleet.tell(event);
      while (fleet.endOldest()) ended++;
    });
    if (ended !== queued) throw new Error(`${name}: ${ended} of ${queued} jobs ended`);
    return ms;
  },
});

/** V8's collector, which otherwise only `node --expose-gc` offers. */
const collect = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
};

const heap = (): number => {
  const gc = collect();
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

type Fold = (event: Recorded<BatonEvent>) => void;

const folding = <C, S>({ init, evolve }: Process<BatonEvent, C, S>): Fold => {
  let state = init();
  return (event) => (state = evolve(state, event));
};

/** Bytes of state per byte of the jobs' JSON. Each event is read from its text, as from a store, and let go. */
const memory = (name: string, make: () => readonly Fold[], queued: number): Subject => ({
  name,
  unit: 'bytes per byte',
  measure: () => {
    const random = dice(3);
    const served = servedBy(1000);
    const folds = make();
    let bytes = 0;
    const before = heap();
    for (let n = 0; n < queued; n++) {
      const text = JSON.stringify(queuedJob(random, served));
      bytes += Buffer.byteLength(JSON.stringify((JSON.parse(text) as Recorded<BatonEvent>).event));
      for (const fold of folds) fold(JSON.parse(text) as Recorded<BatonEvent>);
    }
    const used = heap() - before;
    // only now may they be thrown away
    if (folds.length === 0) throw new Error('nothing was kept');
    return used / bytes;
  },
});

export const matchBench = async (quick: boolean): Promise<Report> => {
  const [many, fleet, jobs] = quick ? [200, 20, 500] : [10_000, 1_000, 100_000];
  const times = quick ? 20 : 2_000;
  const [few, small] = [quick ? 50 : 100, 10];
  const at = (queued: number, runners: number): string => `${queued} queued, ${runners} runners`;
  const ours = () => scheduling(indexed());
  const plain = () => scheduling(fifo());
  const rows = [
    ...(await inTurn([
      decisions(`decision, ${at(few, small)}`, ours, few, small, times),
      decisions(`decision, ${at(many, fleet)}`, ours, many, fleet, times),
      decisions(`the same by FIFO scan, ${at(few, small)}`, plain, few, small, times),
      decisions(`the same by FIFO scan, ${at(many, fleet)}`, plain, many, fleet, times),
    ])),
    ...(await inTurn([
      drain(`drain, ${at(many, fleet)}`, ours, many, fleet),
      drain(`the same by FIFO scan`, plain, many, fleet),
    ])),
    ...(await inTurn(
      [
        memory(`scheduler's state, ${jobs} queued`, () => [folding(indexed())], jobs),
        memory(
          `state of all processes, ${jobs} queued`,
          () => [
            folding(indexed()),
            folding(fanOut),
            folding(dispatcher),
            folding(cancellation),
            folding(watchdog({ startMs: 300_000 })),
          ],
          jobs,
        ),
      ],
      5,
    )),
  ];
  const memoryOf = (name: string): number => rows.find((row) => row.name.startsWith(name))?.median ?? NaN;
  return {
    bench: 'match',
    machine: machine(),
    rows,
    goals: [
      atMost(
        `decision at ${many} x ${fleet} / at ${few} x ${small}`,
        ratioOf(rows, `decision, ${at(many, fleet)}`, `decision, ${at(few, small)}`),
        3,
      ),
      atMost(
        'drain / the same by FIFO scan',
        ratioOf(rows, `drain, ${at(many, fleet)}`, 'the same by FIFO scan'),
        0.6,
      ),
      atMost("scheduler's state / JSON of its jobs", memoryOf("scheduler's state"), 2),
    ],
  };
};
