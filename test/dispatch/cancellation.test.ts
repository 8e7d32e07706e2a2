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

it('given an attempt that held several slots and left processes behind, then all of them are closed, each until that is recorded', () => {
  const end: BatonEvent = {
    type: 'JobTimedOut',
    data: { attempt: 1, which: 'total', evidence: { how: 'signalled', survivors: [{ pid: 7 }] } },
  };
  const story = [queued('j'), assigned('j', { slot: 1, alsoSlots: [2, 4] }), { ...end, stream: 'job-j' }];
  const closed = (slot: number): Given => ({
    ...{ stream: 'runner-r1', type: 'SlotQuarantined' },
    data: { slot, why: '', jobId: 'j' },
  });
  const owedAfter = (...more: readonly Given[]) =>
    cancellation.resume(givenEvents(...story, ...more).reduce(cancellation.evolve, cancellation.init()));
  const owed = owedAfter();
  expect(owed).toMatchObject([
    { id: 'r1', command: { kind: 'QuarantineSlot', slot: 1, jobId: 'j', survivors: [{ pid: 7 }] } },
    { id: 'r1', command: { slot: 2, ranIn: 1 } },
    { id: 'r1', command: { slot: 4, ranIn: 1 } },
  ]);
  const whyOf = (index: number) => {
    const one = owed[index];
    return one?.target === 'runner' && one.command.kind === 'QuarantineSlot' ? one.command.why : undefined;
  };
  expect(whyOf(0)).toBe('cancel incomplete: 1 process survived');
  expect(whyOf(1)).toBe(
    'cancel incomplete: 1 process survived of a job that ran in slot 1 and held this one too',
  );
  expect(new Set(owed.map(({ commandId }) => commandId)).size).toBe(3);
  expect(owedAfter(closed(2))).toEqual([owed[0], owed[2]]);
  expect(owedAfter(closed(2), closed(1), closed(4))).toEqual([]);
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
