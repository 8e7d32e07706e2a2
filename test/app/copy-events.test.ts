/** Does a copy hold the same events in the same order, wherever it was broken off before, and does it refuse what is no beginning of them? */
import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyEvents, type Copied, type CopyFailure } from '../../src/app/copy-events.js';
import type { EventStore } from '../../src/app/ports.js';
import { memoryStore } from '../../src/store/memory.js';
import { event, ok } from '../contract/event-store-tools.js';

const contentOf = async (store: EventStore) =>
  (await ok(store.readAll('start', { maxCount: 100_000 }))).map(({ position: _, ...rest }) => rest);

const copied = async (from: EventStore, to: EventStore, underWay = 8): Promise<Copied> => {
  const done = await copyEvents({ from, to, underWay });
  if (E.isLeft(done)) expect.fail(JSON.stringify(done.left));
  return done.right;
};

const refused = async (from: EventStore, to: EventStore): Promise<CopyFailure> => {
  const done = await copyEvents({ from, to, underWay: 8 });
  if (E.isRight(done)) expect.fail(JSON.stringify(done.right));
  return done.left;
};

/** One event for each item, each in the stream that it names. */
const storeOf = async (items: readonly (readonly [string, unknown])[]): Promise<EventStore> => {
  const store = memoryStore();
  for (const [stream, data] of items) await ok(store.append(stream, [event(data)], 'any'));
  return store;
};

const items = fc.array(fc.tuple(fc.constantFrom('a-1', 'a-2', 'b-é'), fc.jsonValue()), { maxLength: 30 });

describe('copyEvents', () => {
  it('given any store, and any beginning of it in the other, then both hold the same in the same order, with one digest', async () => {
    await fc.assert(
      fc.asyncProperty(items, fc.nat(30), fc.integer({ min: 1, max: 5 }), async (all, cut, underWay) => {
        const from = await storeOf(all);
        const to = memoryStore();
        const present = Math.min(cut, all.length);
        for (const { stream, revision, id, event: one, metadata } of (await contentOf(from)).slice(0, cut))
          await ok(
            to.append(stream, [{ id, event: one, metadata }], revision === 0 ? 'no_stream' : revision - 1),
          );
        const done = await copied(from, to, underWay);
        expect(done).toMatchObject({ events: all.length, present, copied: all.length - present });
        expect(await contentOf(to)).toEqual(await contentOf(from));
        expect(await copied(from, to)).toMatchObject({ digest: done.digest, copied: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('given an event that differs, then it is named, and nothing is written', async () => {
    const from = await storeOf([
      ['a-1', 1],
      ['a-2', 2],
    ]);
    const to = await storeOf([['a-1', 1]]);
    const before = await contentOf(to);
    expect(await refused(from, to)).toMatchObject({ code: 'differs', when: 'before', place: 1 });
    expect(await contentOf(to)).toEqual(before);
  });

  it('given more events than there are to copy, then the first of them is named', async () => {
    const from = await storeOf([['a-1', 1]]);
    const to = memoryStore();
    await copied(from, to);
    await ok(to.append('b-1', [event('more')], 'no_stream'));
    expect(await refused(from, to)).toMatchObject({
      place: 2,
      expected: undefined,
      found: { stream: 'b-1' },
    });
  });

  it('given a stream whose first events are gone, then it is counted anew, and said', async () => {
    const from = await storeOf([
      ['a-1', 1],
      ['a-1', 2],
    ]);
    await ok(from.keepLast('a-1', 1));
    const to = memoryStore();
    expect(await copied(from, to)).toMatchObject({ events: 1, renumbered: ['a-1'] });
    expect((await contentOf(to)).map(({ revision }) => revision)).toEqual([0]);
  });

  it("given a store's own streams, then they are left out, and counted", async () => {
    const from = await storeOf([
      ['$$a-1', {}],
      ['a-1', 1],
    ]);
    expect(await copied(from, memoryStore())).toMatchObject({ events: 1, leftOut: 1 });
  });
});
