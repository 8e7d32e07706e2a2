import { describe, expect, it } from 'vitest';
import { evolveFleet, slotsOf, type Fleet } from '../../src/dispatch/fleet.js';
import { scheduler } from '../../src/dispatch/scheduler.js';
import { DispatchIndex } from '../../src/domain/dispatch-index.js';
import { decide } from '../../src/domain/schedule.js';
import type { RunnerEvent } from '../../src/events/catalog.js';
import { anAssignment, anEnrolment, aQueuedJob } from '../builders.js';
import type { RunnerSettingsChanged } from '../../src/events/runner.js';
import { givenEvents, type Given } from '../given.js';

const probed = { type: 'RunnerProbed', data: { verdict: 'ready', findings: [], baseId: 'b' } } as const;

const fleetOf = (...events: readonly RunnerEvent[]): Fleet => {
  const fleet: Fleet = new Map();
  for (const event of [
    { type: 'RunnerEnrolled', data: anEnrolment({ slots: 4 }) } as const,
    probed,
    ...events,
  ])
    evolveFleet(fleet, 'r1', event);
  return fleet;
};
const only = (fleet: Fleet) => {
  const [runner] = fleet.values();
  if (runner === undefined) throw new Error('no runner');
  return runner;
};
describe('a runner whose slots were cut while jobs run in them', () => {
  const cut = (...busy: readonly number[]) => {
    const runner = only(fleetOf({ type: 'RunnerSettingsChanged', data: { slots: 2 } }));
    for (const slot of busy) runner.busy.set(slot, `j${slot}`);
    const index = new DispatchIndex();
    index.setRunner('r1', slotsOf(runner), 0);
    for (const order of [1, 2, 3])
      index.enqueue({
        ...{
          jobId: `new${order}`,
          cls: index.join('any', [], { enterprise: 'acme', slots: 1 }, 0),
          key: 0,
          order,
          avoid: [],
          shuns: false,
        },
        whenUnmatchable: 'wait',
      });
    return decide(index).map(({ slot }) => slot);
  };
  it.each([
    [[], [0, 1]],
    [[3], [0]],
    [[2, 3], []],
    [[0, 1, 2, 3], []],
    [[0, 3], []],
    [[1], [0]],
  ])('given jobs in slots %j of four, now two, then the next start in %j', (busy, next) => {
    expect(cut(...busy)).toEqual(next);
  });
});

describe('why a runner takes no jobs', () => {
  it.each<[RunnerEvent, string]>([
    [{ type: 'RunnerDrained', data: {} }, 'is draining'],
    [{ type: 'RunnerRemovalRequested', data: { cancelJobs: false } }, 'is being removed'],
    [{ type: 'RunnerSettingsChanged', data: { host: 'h2' } }, 'was never tested (baton runner test)'],
  ])('given %j, then %s', (event, why) => {
    expect(slotsOf(only(fleetOf(event))).unavailable).toBe(why);
  });
});

it('given an account for each slot, then jobs are given to slots whose own folder was seen, with its identity', () => {
  const process = scheduler({ fence: 1, policy: { ageingMs: 1, unmatchedMs: 1 } });
  const enrolment = anEnrolment({ base: '/b', slots: 2, isolated: true });
  const folders = { ...probed.data, slotBaseIds: ['b0', 'b1'] };
  const story: readonly Given[] = [
    { stream: 'runner-r1', type: 'RunnerEnrolled', data: enrolment },
    { stream: 'runner-r1', type: 'RunnerProbed', data: folders },
    { stream: 'job-a', type: 'JobQueued', data: aQueuedJob() },
    { stream: 'job-b', type: 'JobQueued', data: aQueuedJob() },
  ];
  const places = (...more: readonly Given[]) => {
    const events = givenEvents(...story, ...more);
    return process
      .resume(events.reduce(process.evolve, process.init()))
      .flatMap((owed) =>
        owed.target === 'job' && owed.command.kind === 'AssignJob'
          ? [`${owed.command.data.slot} ${owed.command.data.baseId}`]
          : [],
      );
  };
  expect(places()).toEqual(['0 b0', '1 b1']);
  const set = (data: RunnerSettingsChanged): Given => ({
    ...{ stream: 'runner-r1', type: 'RunnerSettingsChanged', data },
  });
  expect(places(set({ slots: 1 }))).toEqual(['0 b0']);
  expect(places(set({ slots: 3 }))).toEqual([]);
  expect(places(set({ isolated: false }))).toEqual([]);
  // of all three before one was looked at
  const again: Given = { stream: 'runner-r1', type: 'RunnerProbed', data: folders };
  expect(places(set({ slots: 3 }), again)).toEqual([]);
});

it('given a trial, then it takes none whatever its probes say, until it is proved', () => {
  const enrolment: RunnerEvent = { type: 'RunnerEnrolled', data: anEnrolment({ trial: true }) };
  const why = (...events: readonly RunnerEvent[]) => slotsOf(only(fleetOf(enrolment, ...events))).unavailable;
  expect(why(probed)).toBe('is on trial: its first job is awaited (baton runner prove r1)');
  expect(why({ type: 'RunnerProved', data: { bootId: 'boot', slots: [] } }, probed)).toBe('');
  expect(why({ type: 'RunnerProved', data: { bootId: 'boot', slots: [] } })).toContain('never tested');
});

describe('the scheduler', () => {
  it('given three failed attempts in a row, then it gives the next job elsewhere, before the quarantine is recorded', () => {
    const process = scheduler({ fence: 1, policy: { ageingMs: 1, unmatchedMs: 1 } });
    const ready = (name: string, at: string) => [
      { stream: `runner-${name}`, type: 'RunnerEnrolled' as const, data: anEnrolment({ name }) },
      { stream: `runner-${name}`, ...probed, data: { ...probed.data, bootId: at } },
    ];
    const failures = [1, 2, 3].flatMap((attempt) => [
      { stream: 'job-a', type: 'JobAssigned' as const, data: anAssignment({ attempt }) },
      {
        stream: 'job-a',
        type: 'JobRequeued' as const,
        data: { attempt, cause: 'infrastructure' as const, why: 'not_prepared' },
      },
    ]);
    const events = givenEvents(
      ...ready('r1', 'x'),
      ...ready('r2', 'x'),
      { stream: 'job-a', type: 'JobQueued', data: aQueuedJob() },
      { stream: 'job-b', type: 'JobQueued', data: aQueuedJob() },
      ...failures,
    );
    const chosenAfter = (count: number): unknown => {
      const state = events.slice(0, count).reduce((s, e) => process.evolve(s, e), process.init());
      return process.resume(state).flatMap((owed) => (owed.target === 'job' ? [owed.command] : []));
    };
    expect(JSON.stringify(chosenAfter(events.length - 2))).toContain('"runner":"r1"');
    expect(JSON.stringify(chosenAfter(events.length))).toContain('"runner":"r2"');
    expect(JSON.stringify(chosenAfter(events.length))).not.toContain('"runner":"r1"');
  });
});
