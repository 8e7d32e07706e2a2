/** How much sooner do all views and processes stand when they go on from their checkpoints, beside folding from the first event? */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileCheckpoints, type CheckpointStore } from '../src/app/checkpoints.js';
import { readModels } from '../src/app/read-models.js';
import { runProcess } from '../src/app/run-process.js';
import { sharedSubscriptions } from '../src/app/shared-subscription.js';
import { stateCheckpoints } from '../src/app/state-checkpoints.js';
import { standaloneProcess } from '../plugin/hosts/standalone/process.js';
import { cancellation } from '../src/dispatch/cancellation.js';
import { dispatcher } from '../src/dispatch/dispatcher.js';
import { fanOut } from '../src/dispatch/fan-out.js';
import { pauses } from '../src/dispatch/pauses.js';
import { quarantine } from '../src/dispatch/quarantine.js';
import { removal } from '../src/dispatch/removal.js';
import { scheduler } from '../src/dispatch/scheduler.js';
import { supersession } from '../src/dispatch/supersession.js';
import { watchdog } from '../src/dispatch/watchdog.js';
import { defaultQueuePolicy } from '../src/domain/queue-policy.js';
import type { BatonEvent } from '../src/events/catalog.js';
import type { Process } from '../src/kernel/process.js';
import { systemClock } from '../src/kernel/time.js';
import { projections } from '../src/projections.js';
import { fill, type Filled } from './replay/fill.js';
import {
  atMost,
  inTurn,
  machine,
  ratioOf,
  stopwatch,
  type Goal,
  type Report,
  type Subject,
} from './report.js';

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

/** Until all processes have folded the last event and said what is owed, which is not carried out. */
const startProcesses = async ({ store: alone }: Filled, checkpoints?: CheckpointStore): Promise<number> => {
  const spent = stopwatch();
  const store = sharedSubscriptions(alone);
  const run = <C, S>(process: Process<BatonEvent, C, S>) =>
    runProcess({
      ...{ process, store, clock: systemClock },
      ...(checkpoints === undefined ? {} : { checkpoints }),
      execute: () => Promise.resolve(undefined),
      onProblem: ({ message }) => {
        throw new Error(message);
      },
    });
  const policy = defaultQueuePolicy;
  const running = [
    ...[run(scheduler({ fence: 1, policy })), run(dispatcher), run(fanOut), run(cancellation)],
    ...[run(supersession), run(watchdog(policy)), run(pauses), run(quarantine), run(removal)],
    run(standaloneProcess),
  ];
  await Promise.all(running.map(({ ready }) => ready));
  const ms = spent();
  await Promise.all(running.map(({ close }) => close()));
  return ms;
};

export const startBench = async (quick: boolean): Promise<Report> => {
  // seven events each
  const phases = quick ? 300 : 144_000;
  const filled = await fill(phases, quick ? 10 : 1_000);
  const directory = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const checkpoints = fileCheckpoints(directory);
  const states = stateCheckpoints(directory);
  await start(filled, checkpoints);
  await startProcesses(filled, states);
  const of = (what: string): string => `${what}, ${filled.events} events`;
  const subject = (name: string, measure: () => Promise<number>): Subject => ({
    ...{ name: of(name), unit: 'ms', measure },
  });
  const goal = (what: string): Goal =>
    atMost(
      `start of ${what} from checkpoints / from the first event`,
      ratioOf(rows, of(`${what} from checkpoints`), of(`${what} from the first event`)),
      0.1,
    );
  const rows = await inTurn(
    [
      subject('views from checkpoints', () => start(filled, checkpoints)),
      subject('views from the first event', () => start(filled)),
      subject('processes from checkpoints', () => startProcesses(filled, states)),
      subject('processes from the first event', () => startProcesses(filled)),
    ],
    5,
  );
  await filled.close();
  await rm(directory, { recursive: true });
  return { bench: 'start', machine: machine(), rows, goals: [goal('views'), goal('processes')] };
};
