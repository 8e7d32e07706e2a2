/** What is said to those who ask while the store is away, and when? */
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BehaviorSubject } from 'rxjs';
import type { EventStore } from '../../src/app/ports.js';
import type { ReadModel } from '../../src/app/read-models.js';
import { impatient, orStoreAway, tellingOfStore } from '../../src/app/store-away.js';
import { StoreAway } from '../../src/app/store-outage.js';
import { memoryStore } from '../../src/store/memory.js';
import { event, ok } from '../contract/event-store-tools.js';

const AWAY = {
  code: 'store_unavailable',
  why: 'unreachable',
  message: 'the store cannot be reached',
} as const;
const patienceMs = 600;

let store: EventStore;
beforeEach(async () => {
  store = memoryStore();
  await ok(store.append('job-1', [event(1)], 'no_stream'));
});
afterEach(() => store.close());

/** A view that stays where it is until `reach` is called. */
const aModel = () => {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const model: ReadModel<number> = {
    name: 'numbers',
    view: () => 1,
    position: () => '',
    view$: new BehaviorSubject({ view: 1, position: '' }),
    caughtUp: () => Promise.reject(new Error('waits for ever')),
    waitFor: () => reached,
    rebuild: () => Promise.resolve(0),
  };
  return { model, reach };
};

/** The store's head, as long as nobody takes it away. */
const headOf = () => {
  const state = { isAway: false, asked: 0 };
  const head: EventStore['head'] = (filter) => async () => {
    state.asked += 1;
    return state.isAway ? E.left(AWAY) : store.head(filter)();
  };
  return { head, state };
};

const toldOf = (work: () => Promise<unknown>) => orStoreAway(async () => E.right(await work()));

describe('a view of a store that is away', () => {
  it('given that it stays away, then it says so when the patience has ended, with a way out', async () => {
    const { head, state } = headOf();
    state.isAway = true;
    const told = await toldOf(impatient(aModel().model, { store: { head }, patienceMs }).caughtUp);
    expect(told).toMatchObject(E.left({ code: 'store_unavailable', reason: 'unreachable' }));
    expect(E.isLeft(told) && told.left.hint).toContain('/readyz');
    expect(state.asked).toBeGreaterThan(1);
  });

  it('given that it comes back in time, then nobody is told', async () => {
    const { head, state } = headOf();
    state.isAway = true;
    const { model, reach } = aModel();
    const asking = toldOf(impatient(model, { store: { head }, patienceMs: 30_000 }).caughtUp);
    state.isAway = false;
    reach();
    expect(await asking).toEqual(E.right(undefined));
  });

  it('given a head that is never answered, then it is not waited for', async () => {
    const head: EventStore['head'] = () => () => new Promise(() => undefined);
    const told = await toldOf(impatient(aModel().model, { store: { head }, patienceMs: 50 }).caughtUp);
    expect(told).toMatchObject(E.left({ code: 'store_unavailable', reason: 'timed_out' }));
  });

  it('given that it goes away behind the head that was told, then that is said as well', async () => {
    const { head, state } = headOf();
    const asking = toldOf(impatient(aModel().model, { store: { head }, patienceMs: 100 }).caughtUp);
    state.isAway = true;
    expect(await asking).toMatchObject(E.left({ code: 'store_unavailable' }));
  });

  it('given a long fold of a store that is there, then it is waited for beyond the patience', async () => {
    const { head, state } = headOf();
    const { model, reach } = aModel();
    const asking = toldOf(impatient(model, { store: { head }, patienceMs: 20 }).caughtUp);
    while (state.asked < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    reach();
    expect(await asking).toEqual(E.right(undefined));
  });

  it('given a store that was closed, then it is not asked again', async () => {
    await store.close();
    const { head, state } = headOf();
    const told = await toldOf(impatient(aModel().model, { store: { head }, patienceMs: 30_000 }).caughtUp);
    expect(told).toMatchObject(E.left({ reason: 'closed' }));
    expect(state.asked).toBe(1);
  });
});

describe('use cases', () => {
  it('given a store that is away, then that is the answer; a mistake stays one, and what is no task passes', async () => {
    const use = tellingOfStore({
      away: (by: number) => () =>
        Promise.reject<E.Either<unknown, number>>(by === 1 ? new StoreAway(AWAY) : new Error('a bug')),
      sum: (a: number, b: number) => () => Promise.resolve(E.right(a + b)),
      name: (text: string) => text,
    });
    expect(await use.away(1)()).toMatchObject(E.left({ message: AWAY.message }));
    await expect(use.away(2)()).rejects.toThrow('a bug');
    expect(await use.sum(1, 2)()).toEqual(E.right(3));
    expect(use.name('x')).toBe('x');
  });
});
