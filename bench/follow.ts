/** What does it cost to follow many jobs that print all the time, beside the same library when it drains the same streams and keeps nothing? */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Client } from 'ssh2';
import { connect, drain } from './fleet/bare.js';
import { allSucceeded, openEngine, type Engine } from './fleet/engine.js';
import { startMachine } from './fleet/machine.js';
import { BASICS, missing, missingOf, type Program } from './fleet/programs.js';
import { goalOf, groupsInTurn, machine, ratioOf, stopwatch, type Report, type Row } from './report.js';
import { tidily } from './store/tidily.js';

const ROUNDS = 5;
const MB = 1_000_000;
const NEEDED: readonly Program[] = [...BASICS, 'perl'];

interface Size {
  readonly jobs: number;
  readonly seconds: number;
}

const FULL: Size = { jobs: 100, seconds: 4 };
const QUICK: Size = { jobs: 8, seconds: 1 };

const TICKS = 10;
const LINE = 100;

const READY = 'ready\n';

/** All of them wait for the file, so that they print at the same time: first that they do, then 1 MB a second, in lines, a tenth of it at a time. */
const printing = (go: string, seconds: number): string =>
  `exec perl -e '
    syswrite STDOUT, "${READY.trim()}\\n";
    select undef, undef, undef, 0.02 until -e "${go}";
    $tenth = (("x" x ${LINE - 1}) . "\\n") x ${MB / TICKS / LINE};
    for (1 .. ${seconds * TICKS}) {
      syswrite(STDOUT, $tenth) == length $tenth or die;
      select undef, undef, undef, ${1 / TICKS};
    }'`;

/** The most that 99 of 100 turns of the event loop came late, and the millisecond between two looks. */
const lagWhile = async (work: () => Promise<unknown>): Promise<number> => {
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  await work();
  lag.disable();
  return lag.percentile(99) / 1e6;
};

const bytesOf = ({ seconds }: Size): number => READY.length + seconds * MB;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Measured {
  readonly cpuMs: number;
  readonly lagMs: number;
}

/** From the word to go until all that was printed has come. */
const measured = async (go: string, until: () => Promise<void>): Promise<Measured> => {
  const spent = stopwatch();
  const lagMs = await lagWhile(() => {
    writeFileSync(go, '');
    return until();
  });
  const cpuMs = spent();
  rmSync(go);
  return { cpuMs, lagMs };
};

const byBaton = async (engine: Engine, script: string, go: string, size: Size): Promise<Measured> => {
  const jobs = await Promise.all(Array.from({ length: size.jobs }, () => engine.promote(script)));
  await Promise.all(jobs.map((job) => job.started));
  const found = await measured(go, async () => {
    const ended = await Promise.all(jobs.map((job) => job.ended));
    allSucceeded(ended);
    for (const { logBytes } of ended)
      if (logBytes !== bytesOf(size)) throw new Error(`${logBytes} of ${bytesOf(size)} bytes were sealed`);
  });
  await Promise.all(jobs.map((job) => job.finished));
  return found;
};

const byDrain = async (client: Client, script: string, go: string, size: Size): Promise<Measured> => {
  let bytes = 0;
  const ready: Promise<void>[] = [];
  const streams = Array.from({ length: size.jobs }, () => {
    let isReady: () => void = () => undefined;
    ready.push(new Promise((resolve) => (isReady = resolve)));
    return drain(client, script, (some) => {
      bytes += some.length;
      isReady();
    });
  });
  await Promise.all(ready);
  const found = await measured(go, async () => {
    await Promise.all(streams);
  });
  const all = size.jobs * bytesOf(size);
  if (bytes !== all) throw new Error(`${bytes} of ${all} bytes were drained`);
  return found;
};

const named = ({ jobs }: Size) => {
  const what = `${jobs} jobs at 1 MB/s`;
  return {
    ours: { cpu: `CPU of Baton, ${what}`, lag: `event-loop delay p99 of Baton, ${what}` },
    drain: { cpu: `CPU of a bare ssh2 drain, ${what}`, lag: `event-loop delay p99 of the drain, ${what}` },
    idle: 'event-loop delay p99, idle',
  };
};

const measure = (size: Size): Promise<readonly Row[]> =>
  tidily(async (undoing) => {
    const runner = await startMachine(undoing, { maxSessions: 500 });
    const client = await connect(runner, undoing);
    const engine = await openEngine(runner, size.jobs, undoing);
    const go = join(runner.folder, 'go');
    const script = printing(go, size.seconds);
    const names = named(size);
    const rowsOf = ({ cpu, lag }: { readonly cpu: string; readonly lag: string }) =>
      [
        [cpu, 'ms/MB'],
        [lag, 'ms'],
      ] as const;
    const valuesOf = ({ cpuMs, lagMs }: Measured) => [cpuMs / (size.jobs * size.seconds), lagMs];
    return groupsInTurn(
      [
        {
          rows: rowsOf(names.ours),
          measure: async () => valuesOf(await byBaton(engine, script, go, size)),
        },
        {
          rows: rowsOf(names.drain),
          measure: async () => valuesOf(await byDrain(client, script, go, size)),
        },
        {
          rows: [[names.idle, 'ms']],
          measure: async () => [await lagWhile(() => pause(size.seconds * 1000))],
        },
      ],
      ROUNDS,
    );
  });

export const followBench = async (quick: boolean, without = missing): Promise<Report> => {
  const size = quick ? QUICK : FULL;
  const why = missingOf(NEEDED, without);
  const rows = why === undefined ? await measure(size) : [];
  const { ours, drain: bare, idle } = named(size);
  return {
    bench: 'follow',
    machine: machine(),
    rows,
    goals: [
      goalOf(`${ours.cpu} / of a bare ssh2 drain`, ['<=', 3], () => ratioOf(rows, ours.cpu, bare.cpu), why),
      goalOf(`${ours.lag} / idle`, ['<=', 10], () => ratioOf(rows, ours.lag, idle), why),
    ],
  };
};
