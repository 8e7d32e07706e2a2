import * as E from 'fp-ts/lib/Either.js';
import { Observable, Subject, firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CaughtUp, EventStore } from '../../src/app/ports.js';
import { sharedSubscriptions } from '../../src/app/shared-subscription.js';
import type { RawEvent, Recorded } from '../../src/kernel/recorded.js';
import { memoryStore } from '../../src/store/memory.js';
import { asNew, aQueuedJob } from '../builders.js';

type Item = Recorded<RawEvent> | CaughtUp;

let real: EventStore;
let begun: string[];
let shared: EventStore;
beforeEach(() => {
  real = memoryStore();
  begun = [];
  shared = sharedSubscriptions({
    ...real,
    subscribe: (from, filter) => {
      begun.push(from);
      return real.subscribe(from, filter);
    },
  });
});
afterEach(() => real.close());

const queue = async (id: string): Promise<string> => {
  const done = await real.append(
    `job-${id}`,
    [asNew({ type: 'JobQueued', data: aQueuedJob() })],
    'no_stream',
  )();
  if (E.isLeft(done)) expect.fail(JSON.stringify(done.left));
  return done.right.position;
};
const streams = (items: readonly Item[]): readonly string[] =>
  items.map((item) => ('caughtUp' in item ? 'caught up' : item.stream));
const first = (n: number, from: string | 'start' = 'start') =>
  firstValueFrom(shared.subscribe(from).pipe(take(n), toArray()));

describe('shared subscriptions', () => {
  it('given some that start together, then the store is read once, and each is given everything', async () => {
    await queue('a');
    await queue('b');
    const all = await Promise.all([first(3), first(3), first(2)]);
    expect(all.map(streams)).toEqual([
      ['job-a', 'job-b', 'caught up'],
      ['job-a', 'job-b', 'caught up'],
      ['job-a', 'job-b'],
    ]);
    expect(begun).toEqual(['start']);
  });
  it('given some that start at different places, then the store is read once, and each is given what comes after its place', async () => {
    const a = await queue('a');
    const b = await queue('b');
    await queue('c');
    const all = await Promise.all([first(3, a), first(2, b), first(4)]);
    expect(all.map(streams)).toEqual([
      ['job-b', 'job-c', 'caught up'],
      ['job-c', 'caught up'],
      ['job-a', 'job-b', 'job-c', 'caught up'],
    ]);
    await Promise.all([first(2, b), first(3, a)]);
    expect(begun).toEqual(['start', a]);
  });
  it('given one that comes later, then it has a reading of its own and misses nothing', async () => {
    await queue('a');
    await first(1);
    await queue('b');
    expect(streams(await first(2))).toEqual(['job-a', 'job-b']);
    expect(begun).toEqual(['start', 'start']);
  });
  it('given a reading that breaks, then each is told, and those who come back go together again', async () => {
    const broken = new Subject<Item>();
    let breaks = true;
    const flaky = sharedSubscriptions({
      ...real,
      subscribe: (from) => {
        begun.push(from);
        return breaks ? broken : real.subscribe(from);
      },
    });
    await queue('a');
    const two = [0, 1].map(() => firstValueFrom(flaky.subscribe('start')).catch(String));
    await expect.poll(() => begun).toEqual(['start']);
    broken.error(new Error('connection reset'));
    expect(await Promise.all(two)).toEqual(['Error: connection reset', 'Error: connection reset']);
    breaks = false;
    const again = await Promise.all([0, 1].map(() => firstValueFrom(flaky.subscribe('start'))));
    expect(streams(again)).toEqual(['job-a', 'job-a']);
    expect(begun).toEqual(['start', 'start']);
  });
  it('given that all have left, then the reading ends; who left before it began is given nothing', async () => {
    let ended = 0;
    const watched = sharedSubscriptions({
      ...real,
      subscribe: (from, filter) => {
        const subscription = real.subscribe(from, filter);
        begun.push(from);
        return new Observable<Item>((subscriber) => {
          subscriber.add(() => ended++);
          return subscription.subscribe(subscriber);
        });
      },
    });
    watched
      .subscribe('start')
      .subscribe({ next: () => expect.fail('it has left') })
      .unsubscribe();
    const staying = watched.subscribe('start').subscribe();
    await expect.poll(() => begun).toEqual(['start']);
    staying.unsubscribe();
    expect(ended).toBe(1);
  });
});
