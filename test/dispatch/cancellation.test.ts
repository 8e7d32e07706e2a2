import { expect, it } from 'vitest';
import { cancellation } from '../../src/dispatch/cancellation.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { anEnrolment } from '../builders.js';
import { givenEvents, type Given } from '../given.js';
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

it('given what an attempt left on a runner, when another has its name, then nothing of it is looked for there', () => {
  const retired: readonly Given[] = [
    { stream: 'runner-r1', type: 'RunnerRetired', data: {} },
    { stream: 'runner-r1', type: 'RunnerEnrolled', data: anEnrolment() },
  ];
  const closed: BatonEvent = { type: 'JobLost', data: { attempt: 1, why: 'closed', detail: '' } };
  const soiled: BatonEvent = {
    type: 'JobTimedOut',
    data: { attempt: 1, which: 'total', evidence: { how: 'signalled', survivors: [{ pid: 7 }] } },
  };
  for (const end of [closed, soiled]) {
    const story = [queued('j'), assigned('j'), started('j'), { ...end, stream: 'job-j' }];
    const owed = (events: readonly Given[]) =>
      cancellation.resume(givenEvents(...events).reduce(cancellation.evolve, cancellation.init()));
    expect(owed(story)).toHaveLength(1);
    expect(owed([...story, ...retired])).toEqual([]);
  }
});
