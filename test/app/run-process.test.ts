import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { EventStore } from '../../src/app/ports.js';
import { runProcess } from '../../src/app/run-process.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Process } from '../../src/kernel/process.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { asNew, aQueuedJob } from '../builders.js';

type Seen = readonly [verb: 'react' | 'resume', jobs: number];

/** Counts jobs, and tells how many it had folded whenever it was asked. */
const counting: Process<BatonEvent, Seen, { jobs: number }> = {
  name: 'counting',
  init: () => ({ jobs: 0 }),
  evolve: (state, { event }) => ({ jobs: state.jobs + (event.type === 'JobQueued' ? 1 : 0) }),
  react: (state) => [['react', state.jobs]],
  tick: () => [],
  resume: (state) => [['resume', state.jobs]],
};

const queued = (): BatonEvent => ({ type: 'JobQueued', data: aQueuedJob() });
const write = async (store: EventStore, id: string, event: BatonEvent = queued()): Promise<string> => {
  const done = await store.append(`job-${id}`, [asNew(event)], 'no_stream')();
  return E.isRight(done) ? done.right.position : '';
};

const start = (store: EventStore, execute: (command: Seen) => Promise<string | undefined>) => {
  const problems: string[] = [];
  const running = runProcess({
    process: counting,
    store,
    clock: systemClock,
    execute,
    onProblem: ({ message }) => problems.push(message),
  });
  return { ...running, problems };
};

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

describe('runProcess', () => {
  it('never reacts to what was recorded before it started: it resumes once', async () => {
    const store = memoryStore();
    await write(store, 'a');
    await write(store, 'b');
    const asked: Seen[] = [];
    const process = start(store, (command) => {
      asked.push(command);
      return Promise.resolve(undefined);
    });
    await process.ready;
    expect(asked).toEqual([['resume', 2]]);
    await write(store, 'c');
    await until(() => asked.length === 2);
    expect(asked[1]).toEqual(['react', 3]);
    await process.close();
  });

  it('is not asked again before it has folded what its own command wrote', async () => {
    const store = memoryStore();
    const asked: Seen[] = [];
    let own = 0;
    const process = start(store, async (command) => {
      asked.push(command);
      if (command[0] === 'resume' || own >= 3) return undefined;
      own += 1;
      return write(store, `own-${own}`);
    });
    await process.ready;
    await write(store, 'a');
    await until(() => asked.length === 5);
    // each later question already counts what the answer before it wrote
    expect(asked.slice(1).map(([, jobs]) => jobs)).toEqual([1, 2, 3, 4]);
    await process.close();
  });

  it('goes live although the last event of the past cannot be read, and says so', async () => {
    const store = memoryStore();
    const strange = asNew(queued());
    await store.append('job-x', [{ ...strange, event: { type: 'FromTheFuture', data: {} } }], 'no_stream')();
    const asked: Seen[] = [];
    const process = start(store, (command) => {
      asked.push(command);
      return Promise.resolve(undefined);
    });
    await process.ready;
    expect(asked).toEqual([['resume', 0]]);
    expect(process.problems).toEqual(['events of type FromTheFuture cannot be read and are passed over']);
    await process.close();
  });

  it('tries a command again until it succeeds', async () => {
    const store = memoryStore();
    let tries = 0;
    const process = start(store, () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new Error('disk full')) : Promise.resolve(undefined);
    });
    await process.ready;
    expect(tries).toBe(3);
    expect(process.problems).toHaveLength(2);
    await process.close();
  });
});
