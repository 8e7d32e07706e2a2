/** A history written into a real store, as somebody who appends event by event would. */
import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { EventStore } from '../../src/app/ports.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Recorded } from '../../src/kernel/recorded.js';

/** Appends them one by one; answers them with the positions that the store gave. */
export const record = async (
  store: EventStore,
  events: readonly Recorded<BatonEvent>[],
): Promise<readonly Recorded<BatonEvent>[]> => {
  const written: Recorded<BatonEvent>[] = [];
  for (const recorded of events) {
    const { stream, revision, id, event, metadata } = recorded;
    const expected = revision === 0 ? 'no_stream' : revision - 1;
    const appended = await store.append(stream, [{ id, event, metadata }], expected)();
    if (E.isLeft(appended)) expect.fail(JSON.stringify(appended.left));
    written.push({ ...recorded, position: appended.right.position });
  }
  return written;
};
