/** From asking for the end of a job to knowing that it has ended, beside a `kill` over SSH that waits for the same. */
import { once } from 'node:events';
import type { Client } from 'ssh2';
import { connect, drain } from './fleet/bare.js';
import { openEngine, type Engine } from './fleet/engine.js';
import { startMachine } from './fleet/machine.js';
import { openMux, type Mux } from './fleet/mux.js';
import { isAlive } from './fleet/processes.js';
import { BASICS, missing, missingOf } from './fleet/programs.js';
import { goalOf, groupsInTurn, machine, percentile, ratioOf, type Report, type Row } from './report.js';
import { tidily } from './store/tidily.js';

const ROUNDS = 5;
const JOB = 'exec sleep 600';

const OURS = 'Baton, asked to gone and recorded';
const KILL = "ssh -S mux 'kill, and wait until it is gone'";
const p50 = (name: string): string => `${name}, p50`;
const p99 = (name: string): string => `${name}, p99`;
const rowsOf = (name: string) => [p50(name), p99(name)].map((row) => [row, 'ms'] as const);

/** Until the end is on the disk, and the process is no more. */
const cancelled = async (engine: Engine): Promise<number> => {
  const job = await engine.promote(JOB);
  const { pid } = await job.started;
  if (!(await isAlive(pid))) throw new Error('the job does not run');
  const asked = performance.now();
  await job.cancel();
  const { outcome } = await job.ended;
  while (await isAlive(pid));
  const ms = performance.now() - asked;
  if (outcome !== 'JobCancelled') throw new Error(`the job ended with ${outcome}`);
  await job.finished;
  return ms;
};

/** A shell that waits for the job takes note of its end, as Baton's does. */
const killed = async (client: Client, mux: Mux): Promise<number> => {
  const told = new EventTarget();
  let pid = '';
  const over = drain(client, `(${JOB}) & echo $!; wait`, (bytes) => {
    pid += bytes.toString();
    told.dispatchEvent(new Event('pid'));
  });
  await once(told, 'pid');
  const id = pid.trim();
  const [ms = NaN] = await mux.timed(`kill ${id}; while kill -0 ${id} 2>/dev/null; do :; done`, 1);
  await over;
  return ms;
};

const several = async (times: number, one: () => Promise<number>): Promise<readonly number[]> => {
  const all: number[] = [];
  while (all.length < times) all.push(await one());
  return [percentile(all, 50), percentile(all, 99)];
};

const measure = (times: number): Promise<readonly Row[]> =>
  tidily(async (undoing) => {
    const runner = await startMachine(undoing);
    const mux = await openMux(runner, undoing);
    const client = await connect(runner, undoing);
    const engine = await openEngine(runner, 1, undoing);
    return groupsInTurn(
      [
        { rows: rowsOf(OURS), measure: () => several(times, () => cancelled(engine)) },
        { rows: rowsOf(KILL), measure: () => several(times, () => killed(client, mux)) },
      ],
      ROUNDS,
    );
  });

export const cancelBench = async (quick: boolean, without = missing): Promise<Report> => {
  const why = missingOf(BASICS, without);
  const rows = why === undefined ? await measure(quick ? 2 : 20) : [];
  return {
    bench: 'cancel',
    machine: machine(),
    rows,
    goals: [goalOf(`${OURS} / ${KILL}, p50`, ['<=', 3], () => ratioOf(rows, p50(OURS), p50(KILL)), why)],
  };
};
