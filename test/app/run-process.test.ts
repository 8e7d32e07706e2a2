import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { tap } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointStore } from '../../src/app/checkpoints.js';
import type { EventStore } from '../../src/app/ports.js';
import { runProcess } from '../../src/app/run-process.js';
import { stateCheckpoints } from '../../src/app/state-checkpoints.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Process } from '../../src/kernel/process.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { asNew, aQueuedJob } from '../builders.js';

type Seen = readonly [verb: 'react' | 'resume', jobs: number];

/** Counts jobs, and tells how many it had folded whenever it was asked. */
const counting: Process<BatonEvent, Seen, { jobs: number }> = {
  name: 'counting',
  version: 1,
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

const start = (
  store: EventStore,
  execute: (command: Seen) => Promise<string | undefined>,
  checkpoints?: CheckpointStore,
) => {
  const problems: string[] = [];
  const running = runProcess({
    process: counting,
    store,
    clock: systemClock,
    execute,
    ...(checkpoints === undefined ? {} : { checkpoints }),
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

describe('a process whose state is kept', () => {
  let directory: string;
  let store: EventStore;
  /** Of each event that the store gave to a subscriber. */
  let given: string[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-states-'));
    given = [];
    store = watched(memoryStore());
  });
  afterEach(() => rm(directory, { recursive: true }));

  const watched = (real: EventStore): EventStore => ({
    ...real,
    subscribe: (...args) =>
      real.subscribe(...args).pipe(
        tap((item) => {
          if (!('caughtUp' in item)) given.push(item.stream);
        }),
      ),
  });
  const file = (): string => join(directory, 'process-counting.jsonl');
  /** From its start to its end; answers what it was asked for when it was ready, and what it told. */
  const once = async (meanwhile: () => Promise<unknown> = () => Promise.resolve()) => {
    const asked: Seen[] = [];
    given = [];
    const process = start(
      store,
      (command) => {
        asked.push(command);
        return Promise.resolve(undefined);
      },
      stateCheckpoints(directory),
    );
    await process.ready;
    await meanwhile();
    await process.close();
    return { asked, problems: process.problems };
  };
  const writeAll = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) await write(store, id);
  };

  it('reads only what came since, and resumes with all of it', async () => {
    await writeAll(['a', 'b', 'c']);
    expect(await once()).toEqual({ asked: [['resume', 3]], problems: [] });
    expect(given).toHaveLength(3);
    await writeAll(['d']);
    expect(await once()).toEqual({ asked: [['resume', 4]], problems: [] });
    expect(given).toEqual(['job-d']);
    expect(await once()).toEqual({ asked: [['resume', 4]], problems: [] });
    expect(given).toEqual([]);
  });
  it('is kept every thousand events', async () => {
    await once(async () => {
      await writeAll(Array.from({ length: 1001 }, (_, n) => `j${n}`));
      await expect.poll(() => stat(file()).catch(() => undefined)).toBeDefined();
    });
  });
  it('given a file that is damaged, then it says so and folds everything anew', async () => {
    await writeAll(['a', 'b']);
    await once();
    await writeFile(file(), '{"name":"process-counting","version":1,"position":"1"}\n');
    const { asked, problems } = await once();
    expect(asked).toEqual([['resume', 2]]);
    expect(problems).toEqual([expect.stringContaining('expected a seal at its end, found none')]);
    expect(given).toEqual(['job-a', 'job-b']);
  });
  it('given the state of another store, then it says so and folds everything anew', async () => {
    await writeAll(['a', 'b']);
    await once();
    store = watched(memoryStore());
    await writeAll(['x', 'y', 'z']);
    const { asked, problems } = await once();
    expect(asked).toEqual([['resume', 3]]);
    expect(problems).toEqual([expect.stringContaining('at position 2 it had another event')]);
  });
  it('given an event that it cannot read, then its state is not kept: a later program may know more', async () => {
    await store.append(
      'job-x',
      [{ ...asNew(queued()), event: { type: 'FromTheFuture', data: {} } }],
      'no_stream',
    )();
    await once();
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });
});
