import { isDeepStrictEqual } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changes } from '../../plugin/hosts/standalone/changes.js';
import { commands } from '../../projections/commands.js';
import { explain } from '../../projections/explain.js';
import { history } from '../../projections/history.js';
import { jobs } from '../../projections/jobs.js';
import { queue } from '../../projections/queue.js';
import { runnerHealth } from '../../projections/runner-health.js';
import type { Checkpoint, CheckpointStore } from '../../src/app/checkpoints.js';
import { past, type Past } from '../../src/app/past.js';
import type { EventStore } from '../../src/app/ports.js';
import { readModel } from '../read-model.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { parseAt } from '../../src/kernel/at.js';
import type { Projection } from '../../src/kernel/projection.js';
import type { Recorded } from '../../src/kernel/recorded.js';
import { memoryStore } from '../../src/store/memory.js';
import { givenEvents, viewOf, type Given } from '../given.js';
import { anyHistoryOf } from '../projections/any-event.js';
import { assigned, queued, started, succeeded } from '../projections/stories.js';
import { openTemporary } from '../store/sqlite-tools.js';
import { record } from './history-store.js';

const NOW = '2026-06-01T00:00:00.000Z';
const clock = { now: () => NOW };
let store: EventStore;
let asking: Past;
beforeEach(() => {
  store = memoryStore();
  asking = past(store, clock);
});
afterEach(async () => {
  asking.close();
  await store.close();
});

const momentOf = async (text: string) => {
  const at = parseAt(text);
  if (at === undefined) expect.fail(`${text} is no moment`);
  return asking.at(at)();
};
const foundAt = async (text: string) => {
  const found = await momentOf(text);
  return E.isRight(found) ? found.right.moment : found.left.reason;
};
const second = (n: number) => `2026-01-01T00:00:${String(n).padStart(2, '0')}Z`;

describe('which moment is meant', () => {
  const one = (...afterMs: readonly number[]): readonly Given[] =>
    afterMs.map((ms, i) => ({ ...queued(`j${i}`), afterMs: ms }));

  it('given a time between two events, then the last event before it; an event of that very instant counts', async () => {
    await record(store, givenEvents(...one(0, 1000, 1000)));
    expect(await foundAt('2026-01-01T00:00:00.999Z')).toEqual({
      position: '1',
      time: '2026-01-01T00:00:00.999Z',
    });
    expect(await foundAt(second(1))).toMatchObject({ position: '2' });
    expect(await foundAt(second(30))).toMatchObject({ position: '3' });
  });
  it('given a clock that was set back, then a time means the last position whose latest time is not after it', async () => {
    // recorded at the seconds 0, 10, 3, 4, 12
    await record(store, givenEvents(...one(0, 10_000, -7000, 1000, 8000)));
    const positions = await Promise.all(
      [0, 4, 9, 10, 11, 12].map(async (n) => {
        const found = await foundAt(second(n));
        return typeof found === 'string' ? found : found.position;
      }),
    );
    // what was recorded as second 3 and 4 came after second 10
    expect(positions).toEqual(['1', '1', '1', '4', '4', '5']);
    expect(await foundAt('3')).toEqual({ position: '3', time: '2026-01-01T00:00:10.000Z' });
  });
  it('given a time before everything, or start, then nothing had been recorded', async () => {
    await record(store, givenEvents(...one(0, 1000)));
    expect(await foundAt('2025-12-31T23:59:59Z')).toEqual({
      position: '',
      time: '2025-12-31T23:59:59.000Z',
    });
    expect(await foundAt('start')).toEqual({ position: '' });
    expect(await foundAt('0')).toEqual({ position: '' });
  });
  it('given a position beyond the last event or a time that has not come, then a refusal', async () => {
    await record(store, givenEvents(...one(0, 1000)));
    expect(await foundAt('3')).toBe('at_beyond_the_end');
    expect(await foundAt('2026-06-01T00:00:00.001Z')).toBe('at_in_the_future');
    expect(await foundAt(NOW)).toMatchObject({ position: '2' });
    await record(store, givenEvents(...one(0, 1000, 1000)).slice(2));
    expect(await foundAt('3')).toMatchObject({ position: '3' });
  });
  it('given an event whose time is none, then it moves no clock', async () => {
    const events = givenEvents(...one(0, 1000));
    const strange = events.map((recorded, i) =>
      i === 0 ? { ...recorded, metadata: { ...recorded.metadata, recordedAt: 'zzz' } } : recorded,
    );
    await record(store, strange);
    expect(await foundAt(second(0))).toMatchObject({ position: '1' });
  });
  it('given a long history and clocks that jump, then every moment is what counting one by one finds', async () => {
    const steps = Array.from({ length: 2300 }, (_, i) => ((i * 7919) % 13) - 5);
    const written = await record(store, givenEvents(...one(...steps)));
    let latest = '';
    const slow = written.map(({ position, metadata: { recordedAt } }) => {
      if (recordedAt > latest) latest = recordedAt;
      return { position, latest };
    });
    // asked before and after more was written, since marks are remembered
    for (const i of [0, 1, 498, 499, 500, 501, 999, 1000, 1001, 1777, 2299]) {
      const { position, latest: time } = slow[i]!;
      expect(await foundAt(position)).toEqual({ position, time });
      const last = slow.filter((mark) => mark.latest <= time).at(-1);
      expect(await foundAt(time)).toEqual({ position: last?.position, time });
    }
  });
  it('given a store that fails, then a refusal that may be tried again', async () => {
    await store.close();
    const found = await momentOf('1');
    expect(E.isLeft(found) && found.left.code).toBe('store_unavailable');
  });
});

describe('a view of the past', () => {
  it('is what the projection said then, while the live view goes on', async () => {
    const story = [queued('a'), assigned('a'), started('a'), succeeded('a')];
    await record(store, givenEvents(...story));
    const statuses = await Promise.all(
      ['start', '1', '2', '3', '4'].map(async (at) => {
        const then = await momentOf(at);
        if (E.isLeft(then)) expect.fail(then.left.message);
        const source = then.right.of(jobs);
        await source.caughtUp();
        return source.view()['a']?.status;
      }),
    );
    expect(statuses).toEqual([undefined, 'queued', 'assigned', 'running', 'succeeded']);
  });
  it('given the same moment asked again, then it is not folded again; and no more than a few are kept', async () => {
    await record(store, givenEvents(...Array.from({ length: 20 }, (_, i) => queued(`j${i}`))));
    let reads = 0;
    const watched: EventStore = {
      ...store,
      readAll: (...args) => {
        reads++;
        return store.readAll(...args);
      },
    };
    asking = past(watched, clock);
    const readsFor = async (position: string): Promise<number> => {
      const then = await asking.at({ kind: 'position', position })();
      if (E.isLeft(then)) expect.fail(then.left.message);
      const before = reads;
      await then.right.of(queue).caughtUp();
      return reads - before;
    };
    expect(await readsFor('5')).toBeGreaterThan(0);
    expect(await readsFor('5')).toBe(0);
    for (const n of [6, 7, 8, 9, 10, 11]) await readsFor(String(n));
    expect(await readsFor('11')).toBe(0);
    expect(await readsFor('5')).toBeGreaterThan(0);
  });
  it('given a store that fails for a while, then the fold goes on where it was', async () => {
    await record(store, givenEvents(...Array.from({ length: 1200 }, (_, i) => queued(`j${i}`))));
    let failures = 0;
    const from: string[] = [];
    const flaky: EventStore = {
      ...store,
      readAll: (position, options) => {
        from.push(position);
        return position !== 'start' && failures-- > 0
          ? () => Promise.resolve(E.left({ code: 'store_unavailable', why: 'io', message: 'away' }))
          : store.readAll(position, options);
      },
    };
    asking = past(flaky, clock);
    const then = await asking.at({ kind: 'position', position: '1100' })();
    if (E.isLeft(then)) expect.fail(then.left.message);
    failures = 1;
    from.splice(0);
    const source = then.right.of(jobs);
    await source.caughtUp();
    expect(from.slice(0, 3)).toEqual(['start', '500', '500']);
    expect(Object.keys(source.view())).toHaveLength(1100);
  });
  it('given that it is closed while the store is away, then whoever waits gets an error', async () => {
    await record(store, givenEvents(queued('a')));
    let isAway = false;
    asking = past(
      {
        ...store,
        readAll: (...args) =>
          isAway
            ? () => Promise.resolve(E.left({ code: 'store_unavailable', why: 'io', message: 'away' }))
            : store.readAll(...args),
      },
      clock,
    );
    const then = await asking.at({ kind: 'position', position: '1' })();
    if (E.isLeft(then)) expect.fail(then.left.message);
    isAway = true;
    const waiting = expect(then.right.of(jobs).caughtUp()).rejects.toThrow('closing');
    asking.close();
    await waiting;
  });
});

// ---- every projection, through the real read model, on real stores

const all: readonly Projection<unknown, BatonEvent>[] = [
  ...[jobs, queue, history, explain, runnerHealth, commands, changes],
] as never;

const expectSame = (what: string, found: unknown, expected: unknown): void => {
  if (!isDeepStrictEqual(found, expected))
    expect.fail(`${what}: ${JSON.stringify(found)} differs from ${JSON.stringify(expected)}`);
};

/** Keeps checkpoints as files do: as text. */
const checkpointsInMemory = (): CheckpointStore => {
  const texts = new Map<string, string>();
  return {
    load: (name) => () => {
      const text = texts.get(name);
      return Promise.resolve(E.right(text === undefined ? undefined : (JSON.parse(text) as Checkpoint)));
    },
    save: (checkpoint) => () => {
      texts.set(checkpoint.name, JSON.stringify(checkpoint));
      return Promise.resolve(E.right(undefined));
    },
  };
};

const onProblem = ({ code, message }: { readonly code: string; readonly message: string }): void => {
  if (code === 'projection_failed') throw new Error(message);
};

/** Live view, restarted view, rebuilt view, views of the past: each must be the fold of what it includes. */
const holds = async (
  real: EventStore,
  given: readonly Recorded<BatonEvent>[],
  cut: number,
  moments: readonly number[],
): Promise<void> => {
  const checkpoints = checkpointsInMemory();
  const early = await record(real, given.slice(0, cut));
  for (const projection of all) {
    const model = readModel(projection, real, { checkpoints, onProblem });
    await model.caughtUp();
    expectSame(`${projection.name} live`, model.view(), viewOf(projection, early));
    await model.close();
  }
  const written = [...early, ...(await record(real, given.slice(cut)))];
  const before = past(real, clock);
  for (const projection of all) {
    const model = readModel(projection, real, { checkpoints, onProblem });
    await model.caughtUp();
    const whole = viewOf(projection, written);
    expectSame(`${projection.name} from its checkpoint`, model.view(), whole);
    for (const moment of moments) {
      const n = moment % (written.length + 1);
      const position = written[n - 1]?.position ?? '';
      const then = await before.at({ kind: 'position', position })();
      if (E.isLeft(then)) expect.fail(then.left.message);
      const source = then.right.of(projection);
      await source.caughtUp();
      expectSame(`${projection.name} at ${n}`, source.view(), viewOf(projection, written.slice(0, n)));
    }
    expectSame(`${projection.name} beside its past`, model.view(), whole);
    expect(await model.rebuild()).toBe(written.length);
    expectSame(`${projection.name} rebuilt`, model.view(), whole);
    await model.close();
  }
  before.close();
};

describe('property: every view, live, taken up from a checkpoint, rebuilt from zero, or of the past, is the fold of its events', () => {
  const cases = fc.tuple(
    anyHistoryOf(['a', 'b', 'r1']),
    fc.nat(60),
    fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }),
  );
  it('on the memory store', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([given, cut, moments]) => {
        const real = memoryStore();
        await holds(real, givenEvents(...given), cut, moments);
        await real.close();
      }),
      { numRuns: 60 },
    );
  });
  it('on the SQLite store', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([given, cut, moments]) => {
        const { store: real, close } = await openTemporary();
        await holds(real, givenEvents(...given), cut, moments);
        await close();
      }),
      { numRuns: 8 },
    );
  });
});
