import { expect, it } from 'vitest';
import { cancellation } from '../../src/dispatch/cancellation.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { givenEvents } from '../given.js';
import { assigned, queued, started } from '../projections/stories.js';

it('given an attempt that is tried again and left processes behind, then its slot is closed, as after the end of a job', () => {
  const evidence = { how: 'signalled' as const, survivors: [{ pid: 7 }] };
  const ends: readonly BatonEvent[] = [
    { type: 'JobTimedOut', data: { attempt: 1, which: 'total', evidence } },
    { type: 'JobRequeued', data: { attempt: 1, cause: 'policy', why: 'timed_out', evidence } },
  ];
  for (const end of ends) {
    const story = [queued('j'), assigned('j', { slot: 2 }), started('j'), { ...end, stream: 'job-j' }];
    const events = givenEvents(...story);
    const state = events.reduce(cancellation.evolve, cancellation.init());
    const [last] = events.slice(-1);
    expect(last && cancellation.react(state, last)).toMatchObject([
      { target: 'runner', id: 'r1', command: { kind: 'QuarantineSlot', slot: 2, survivors: [{ pid: 7 }] } },
    ]);
    expect(cancellation.resume(state)).toHaveLength(1);
  }
});
