/** How much sooner do all views stand when they go on from their checkpoints, beside folding history from its first event? */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileCheckpoints, type CheckpointStore } from '../src/app/checkpoints.js';
import { readModels } from '../src/app/read-models.js';
import { projections } from '../src/projections.js';
import { fill, type Filled } from './replay/fill.js';
import { atMost, inTurn, machine, ratioOf, stopwatch, type Report, type Subject } from './report.js';

/** Until all views include the last event. What is kept at the end is no part of it. */
const start = async ({ store }: Filled, checkpoints?: CheckpointStore): Promise<number> => {
  const spent = stopwatch();
  const { models, close } = readModels(projections, store, {
    ...(checkpoints === undefined ? {} : { checkpoints }),
    onProblem: ({ message }) => {
      throw new Error(message);
    },
  });
  await Promise.all(Object.values(models).map((model) => model.caughtUp()));
  const ms = spent();
  await close();
  return ms;
};

export const startBench = async (quick: boolean): Promise<Report> => {
  // seven events each
  const phases = quick ? 300 : 144_000;
  const filled = await fill(phases, quick ? 10 : 1_000);
  const directory = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const checkpoints = fileCheckpoints(directory);
  await start(filled, checkpoints);
  const of = (what: string): string => `${what}, ${filled.events} events`;
  const subject = (name: string, from?: CheckpointStore): Subject => ({
    name: of(name),
    unit: 'ms',
    measure: () => start(filled, from),
  });
  const rows = await inTurn([subject('from checkpoints', checkpoints), subject('from the first event')], 5);
  await filled.close();
  await rm(directory, { recursive: true });
  return {
    bench: 'start',
    machine: machine(),
    rows,
    goals: [
      atMost(
        'start from checkpoints / from the first event',
        ratioOf(rows, of('from checkpoints'), of('from the first event')),
        0.1,
      ),
    ],
  };
};
