/** Two at one store: who drives the runners, who is told what, and what does the one that has lost them still do? */
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openOwnership, whileOwned, type Owned, type OwnershipOptions } from '../../src/app/ownership.js';
import type { EventStore } from '../../src/app/ports.js';
import { systemClock, type Clock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { event, ok, refusal } from '../contract/event-store-tools.js';

let store: EventStore;
let opened: Owned[];
let waits: string[];
beforeEach(() => {
  store = memoryStore();
  [opened, waits] = [[], []];
});
afterEach(async () => {
  for (const one of opened) await one.close();
  await store.close();
});

const own = async (dispatcher: string, more: Partial<OwnershipOptions> = {}) => {
  const found = await openOwnership({
    ...{ store, clock: systemClock, termMs: 400, onWait: (message: string) => waits.push(message) },
    by: { dispatcher, host: `${dispatcher}.example`, pid: 7 },
    ...more,
  });
  if (E.isRight(found)) opened.push(found.right);
  return found;
};
const owned = async (...args: Parameters<typeof own>): Promise<Owned> => {
  const found = await own(...args);
  return E.isRight(found) ? found.right : expect.fail(found.left.message);
};

describe('a store with an owner', () => {
  it('given one that answers, then another is refused, and told who it is and what to do', async () => {
    const first = await owned('a');
    const second = await own('b');
    expect(second).toMatchObject(E.left({ code: 'conflict', reason: 'store_owned' }));
    expect(E.isLeft(second) && second.left.message).toMatch(/process 7 on the host a\.example, since \d{4}-/);
    expect(E.isLeft(second) && second.left.hint).toContain('--take-over');
    expect(waits).toHaveLength(1);
    expect(await first.obstacle()).toBeUndefined();
  });

  it('given one that let go, then another has it at once, with a higher fence', async () => {
    const first = await owned('a');
    await first.close();
    expect((await owned('b')).epoch).toBe(first.epoch + 1);
    expect(waits).toEqual([]);
  });

  it('given one that ended without a word, then its next run has it at once, with the same fence', async () => {
    const first = await owned('a');
    const next = await owned('a');
    expect(next.epoch).toBe(first.epoch);
    expect(waits).toEqual([]);
    expect((await first.lost).reason).toBe('ownership_lost');
  });

  it('given one that is silent for its term, then another has it; and what it saw before is worth nothing by then', async () => {
    // reads that wait, as those of a process that stands still
    let goOn: () => void = () => undefined;
    let awake = Promise.resolve();
    let nowMs = 0;
    const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
    const still: EventStore = {
      ...store,
      readStream:
        (...args) =>
        async () => {
          await awake;
          return store.readStream(...args)();
        },
    };
    const first = await owned('a', { store: still, clock });
    expect(await first.obstacle()).toBeUndefined();
    awake = new Promise((resolve) => (goOn = resolve));
    const second = await owned('b');
    expect(second.epoch).toBe(first.epoch + 1);
    expect(waits[0]).toContain('a.example');

    goOn();
    nowMs = 400;
    const guarded = whileOwned(still, { obstacle: () => first.obstacle() });
    expect(await refusal(guarded.append('job-1', [event(1)], 'no_stream'))).toMatchObject({
      why: 'ownership_lost',
    });
    expect(first.isLost()).toBe(true);
    expect((await first.lost).message).toContain('b.example');
    expect(await second.obstacle()).toBeUndefined();
  });

  it('given another that is told to take over, then it waits for nobody, and the first one notices', async () => {
    const first = await owned('a');
    const second = await owned('b', { takeOver: true });
    expect(waits).toEqual([]);
    expect((await first.lost).reason).toBe('ownership_lost');
    const guarded = whileOwned(store, second);
    await ok(guarded.append('job-1', [event(1)], 'no_stream'));
  });

  it('given a store that is away, then nothing may be done once the last look is too old, and again when it is back', async () => {
    let isAway = false;
    let nowMs = 0;
    const away = { code: 'store_unavailable', why: 'unreachable', message: 'away' } as const;
    const first = await owned('a', {
      clock: { ...systemClock, monotonicMs: () => nowMs },
      store: {
        ...store,
        readStream: (...args) => (isAway ? () => Promise.resolve(E.left(away)) : store.readStream(...args)),
      },
    });
    isAway = true;
    expect(await first.obstacle()).toBeUndefined();
    nowMs = 400;
    expect(await first.obstacle()).toEqual(away);
    isAway = false;
    expect(await first.obstacle()).toBeUndefined();
  });
});
