import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { firstValueFrom, map, take, throwError, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobs } from '../../projections/jobs.js';
import type { CheckpointStore } from '../../src/app/checkpoints.js';
import { fileCheckpoints } from '../../src/app/checkpoints.js';
import type { EventStore } from '../../src/app/ports.js';
import { readModels, type ReadModelProblem } from '../../src/app/read-models.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Projection } from '../../src/kernel/projection.js';
import { readModel } from '../read-model.js';
import { deriveId } from '../../src/kernel/ids.js';
import { memoryStore } from '../../src/store/memory.js';
import { asNew, aQueuedJob } from '../builders.js';
import { viewOf } from '../given.js';
import { decode } from '../../src/events/catalog.js';

let directory: string;
let store: EventStore;
let problems: ReadModelProblem[];
const onProblem = (problem: ReadModelProblem): void => {
  problems.push(problem);
};
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-views-'));
  store = memoryStore();
  problems = [];
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const right = async <A>(task: () => Promise<E.Either<unknown, A>>): Promise<A> => {
  const result = await task();
  if (E.isLeft(result)) expect.fail(JSON.stringify(result.left));
  return result.right;
};
const queue = async (...ids: readonly string[]): Promise<string> => {
  let position = '';
  for (const id of ids)
    ({ position } = await right(
      store.append(`job-${id}`, [asNew({ type: 'JobQueued', data: aQueuedJob() })], 'no_stream'),
    ));
  return position;
};
const ids = (n: number, prefix = 'j'): string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const folded = async () => {
  const all = await right(store.readAll('start', { maxCount: 10_000 }));
  return viewOf(
    jobs,
    all.flatMap((recorded) => {
      const decoded = decode(recorded);
      return E.isRight(decoded) ? [decoded.right] : [];
    }),
  );
};
const model = (more: { store?: EventStore; checkpoints?: CheckpointStore } = {}) =>
  readModel(jobs, more.store ?? store, {
    onProblem,
    ...(more.checkpoints === undefined ? {} : { checkpoints: more.checkpoints }),
  });

describe('a read model', () => {
  it('given a history longer than a page, when it has caught up, then its view is the fold of all events', async () => {
    await queue(...ids(1203));
    const reading = model();
    await reading.caughtUp();
    expect(reading.view()).toEqual(await folded());
    expect(Object.keys(reading.view())).toHaveLength(1203);
    await reading.close();
  });
  it('given a long history, then others get their turn while it is folded', async () => {
    await queue(...ids(1203));
    const reading = model();
    let others = 0;
    const other = (): void => {
      others++;
      if (Object.keys(reading.view()).length < 1203) setImmediate(other);
    };
    setImmediate(other);
    await reading.caughtUp();
    expect(others).toBeGreaterThan(3);
    await reading.close();
  });
  it('given an answer of an append, when waited for its position, then the view includes it', async () => {
    const reading = model();
    await reading.caughtUp();
    const position = await queue('mine');
    await reading.waitFor(position);
    expect(reading.view()['mine']?.status).toBe('queued');
    expect(reading.position()).toBe(position);
    await reading.close();
  });
  it('gives the present view first, then one emission per event, with the event', async () => {
    await queue('before');
    const reading = model();
    await reading.caughtUp();
    const seen = firstValueFrom(
      reading.view$.pipe(
        map(({ last }) => last?.stream ?? 'snapshot'),
        take(3),
        toArray(),
      ),
    );
    await queue('a', 'b');
    expect(await seen).toEqual(['snapshot', 'job-a', 'job-b']);
    await reading.close();
  });
  it('given an event that it cannot read, then it says so once and goes on, also after a rebuild', async () => {
    await queue('a');
    const metadata = asNew({ type: 'JobCancelRequested', data: {} }).metadata;
    const event = { type: 'JobTeleported', data: {} };
    await right(store.append('job-a', [{ id: deriveId('x'), event, metadata }], 0));
    await queue('b');
    const reading = model();
    await reading.caughtUp();
    expect(await reading.rebuild()).toBe(3);
    expect(problems.map(({ code }) => code)).toEqual(['unreadable_event']);
    expect(problems[0]?.message).toContain('job-a@1');
    expect(Object.keys(reading.view())).toEqual(['a', 'b']);
    await reading.close();
  });
  it('given a rebuild while events are written, then the rebuilt view is the live one', async () => {
    await queue(...ids(700));
    const reading = model();
    await reading.caughtUp();
    const before = reading.view();
    const rebuilding = reading.rebuild();
    const position = await queue(...ids(50, 'late'));
    await rebuilding;
    await reading.waitFor(position);
    expect(reading.view()).not.toBe(before);
    expect(reading.view()).toEqual(await folded());
    await reading.close();
  });
  it('given a store that fails twice, then it tries again, and tells of the outage once', async () => {
    let failures = 2;
    const flaky: EventStore = {
      ...store,
      subscribe: (...args) =>
        failures-- > 0 ? throwError(() => new Error('connection reset')) : store.subscribe(...args),
    };
    await queue('a', 'b');
    const reading = model({ store: flaky });
    await expect.poll(() => failures).toBeLessThan(0);
    await reading.waitFor(await queue('c'));
    expect(Object.keys(reading.view())).toEqual(['a', 'b', 'c']);
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['store', 'Views wait for the store and try again (jobs): connection reset'],
    ]);
    await reading.close();
  });
  it('given a wait for what never comes, when closed, then the wait ends with an error', async () => {
    const reading = model();
    const waiting = expect(reading.waitFor('999999')).rejects.toThrow('read model jobs is closed');
    await reading.close();
    await waiting;
  });
});

describe('a checkpoint', () => {
  const file = (): string => join(directory, 'jobs.jsonl');
  const kept = async (): Promise<void> => {
    const reading = model({ checkpoints: fileCheckpoints(directory) });
    await reading.caughtUp();
    await reading.close();
  };
  /** Positions that were read from. */
  const reopened = async () => {
    const from: string[] = [];
    const watched: EventStore = {
      ...store,
      readAll: (position, options) => {
        from.push(position);
        return store.readAll(position, options);
      },
    };
    const reading = model({ store: watched, checkpoints: fileCheckpoints(directory) });
    await reading.caughtUp();
    return { reading, from };
  };

  it('given a checkpoint and later events, then the view equals one folded from the first event, and starts late', async () => {
    const position = await queue(...ids(30));
    await kept();
    await queue(...ids(5, 'late'));
    const { reading, from } = await reopened();
    expect(reading.view()).toEqual(await folded());
    expect(from[0]).toBe(position);
    expect(problems).toEqual([]);
    await reading.close();
  });
  it('given two views kept at different places, then the store is read once, and each takes each event once', async () => {
    const checkpoints = fileCheckpoints(directory);
    await queue(...ids(30));
    await kept();
    await queue(...ids(5, 'late'));
    const from: string[] = [];
    const watched: EventStore = {
      ...store,
      readAll: (position, options) => {
        from.push(position);
        return store.readAll(position, options);
      },
    };
    const counted: Projection<{ events: number }, BatonEvent> = {
      ...{ name: 'counted', version: 1, init: () => ({ events: 0 }) },
      evolve: (view) => {
        view.events++;
      },
    };
    const { models, close } = readModels({ jobs, counted }, watched, { checkpoints, onProblem });
    await Promise.all([models.jobs.caughtUp(), models.counted.caughtUp()]);
    expect(models.jobs.view()).toEqual(await folded());
    expect(models.counted.view().events).toBe(35);
    expect(from.filter((position) => position === 'start')).toHaveLength(1);
    await close();
  });
  it.each([
    ['is cut off', (text: string) => text.slice(0, -20), 'checkpoint_corrupt'],
    [
      'has one changed letter in its view',
      (text: string) => text.replace('"unit"', '"unix"'),
      'checkpoint_corrupt',
    ],
    [
      'is of another version',
      (text: string) => text.replace(/"version":\d+/, '"version":0'),
      'checkpoint_other_version',
    ],
    [
      'is of a store that went further',
      (text: string) => text.replace(/"position":"\d+"/, '"position":"9999"'),
      'checkpoint_corrupt',
    ],
  ])(
    'given one that %s, then it is not used, which is said, and the view is folded anew',
    async (_, damage, code) => {
      await queue(...ids(30));
      await kept();
      await writeFile(file(), damage(await readFile(file(), 'utf8')));
      const { reading, from } = await reopened();
      expect(reading.view()).toEqual(await folded());
      expect(from[0]).toBe('start');
      expect(problems.map((problem) => problem.code)).toEqual([code]);
      await reading.close();
    },
  );
  it('given one of a copy of the history, where the same events lie at other positions, then it is not used, which is said', async () => {
    await queue(...ids(30));
    await kept();
    await store.close();
    store = memoryStore();
    await queue(...ids(3, 'other'), ...ids(30));
    const { reading, from } = await reopened();
    expect(reading.view()).toEqual(await folded());
    expect(from).toContain('start');
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['checkpoint_corrupt', expect.stringContaining('is of another store and is not used')],
    ]);
    await reading.close();
  });
  it('given events that come while one is written, then the view waits for it, and takes each of them once', async () => {
    const files = fileCheckpoints(directory);
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const slow: CheckpointStore = {
      ...files,
      save: (checkpoint) => async () => {
        begin();
        await finished;
        return files.save(checkpoint)();
      },
    };
    const reading = model({ checkpoints: slow });
    await queue(...ids(1000));
    await begun;
    const at = reading.position();
    const last = await queue(...ids(700, 'late'));
    const waiting = reading.waitFor(last);
    expect(reading.position()).toBe(at);
    finish();
    await waiting;
    expect(reading.view()).toEqual(await folded());
    await reading.close();
    const { reading: again, from } = await reopened();
    expect(from).toEqual([last, last]);
    expect(again.view()).toEqual(await folded());
    expect(problems).toEqual([]);
    await again.close();
  });
  it('is kept while it runs, every thousand events', async () => {
    const reading = model({ checkpoints: fileCheckpoints(directory) });
    await queue(...ids(1000));
    await reading.caughtUp();
    await expect.poll(async () => readFile(file(), 'utf8').catch(() => '')).toContain('"name":"jobs"');
    await reading.close();
  });
});
