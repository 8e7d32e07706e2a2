/** When does a server say that nothing can be recorded, and when does it take that back? */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  RECALL_MS,
  ROOM_BYTES,
  storageProblem,
  watchAppends,
  type WatchedAppends,
} from '../../src/app/storage-health.js';
import type { EventStore, NewEvent, StoreError } from '../../src/app/ports.js';
import { memoryStore } from '../../src/store/memory.js';
import { asNew } from '../builders.js';

describe('what the disk shows', () => {
  it.each([
    ['enough room', { freeBytes: ROOM_BYTES, unwritable: {} }, undefined],
    ['room that is not known', { unwritable: {} }, undefined],
    [
      'too little room',
      { freeBytes: ROOM_BYTES - 1, unwritable: {} },
      'the disk of the data is full: 8191 KiB are free, 8192 KiB are needed',
    ],
    [
      'folders that cannot be written',
      { freeBytes: 0, unwritable: { store: 'EROFS', logs: 'EACCES' } },
      'folders of the data cannot be written: store (EROFS), logs (EACCES)',
    ],
  ])('given %s, then %s', (_, state, problem) => {
    expect(storageProblem(state)).toBe(problem);
  });
});

describe('the last append', () => {
  const full: StoreError = { code: 'store_unavailable', why: 'disk_full', message: 'No room.' };
  const refused: StoreError = {
    ...{ code: 'wrong_expected_revision', stream: 's', expected: 3, current: 'no_stream' },
  };
  let broken: StoreError | undefined;
  let nowMs: number;
  let inner: EventStore;
  let watched: WatchedAppends;
  beforeEach(() => {
    broken = undefined;
    nowMs = 0;
    inner = memoryStore();
    const breakable: EventStore = {
      ...inner,
      append: (...asked) => (broken === undefined ? inner.append(...asked) : TE.left(broken)),
    };
    watched = watchAppends(breakable, { monotonicMs: () => nowMs });
  });
  const anEvent = (): NewEvent => asNew({ type: 'RunnerDrained', data: {} });
  const append = async (event = anEvent()): Promise<boolean> =>
    E.isRight(await watched.store.append('runner-1', [event], 'any')());
  const fail = async (error: StoreError): Promise<void> => {
    broken = error;
    expect(await append()).toBe(false);
    broken = undefined;
  };

  it('given none yet, or one that succeeded, then nothing is said', async () => {
    expect(watched.failing()).toBeUndefined();
    expect(await append()).toBe(true);
    expect(watched.failing()).toBeUndefined();
  });

  it('given one that failed, then its word, until another one is written', async () => {
    await append();
    await fail(full);
    await fail({ ...full, why: 'io' });
    nowMs += RECALL_MS - 1;
    expect(watched.failing()).toBe('io');
    await append();
    expect(watched.failing()).toBeUndefined();
  });

  it('given a repeat, which is answered without writing, then the failure stands', async () => {
    const event = anEvent();
    await append(event);
    await fail(full);
    expect(await append(event)).toBe(true);
    expect(await watched.store.append('runner-1', [], 'any')()).toMatchObject({ _tag: 'Right' });
    expect(watched.failing()).toBe('disk_full');
  });

  it('given a refusal or a closed store, then nothing is said: neither tells of the disk', async () => {
    await fail(refused);
    await fail({ ...full, why: 'closed' });
    expect(watched.failing()).toBeUndefined();
    await fail(full);
    await fail(refused);
    expect(watched.failing()).toBe('disk_full');
  });

  it('given no append since, then it counts for a while only: a server that is not ready is asked for nothing', async () => {
    await fail(full);
    nowMs += RECALL_MS;
    expect(watched.failing()).toBeUndefined();
    await fail(full);
    expect(watched.failing()).toBe('disk_full');
  });

  it('given an append, then it is done once it is run, and what is stored is what was asked', async () => {
    const event = anEvent();
    const task = watched.store.append('runner-1', [event], 'no_stream');
    expect(await inner.head()()).toEqual(E.right(undefined));
    expect(await task()).toMatchObject({ right: { revision: 0 } });
    expect(await inner.readStream('runner-1')()).toMatchObject({ right: [{ id: event.id }] });
  });
});
