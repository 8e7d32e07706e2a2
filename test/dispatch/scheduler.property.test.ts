import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DispatchCommand } from '../../src/dispatch/commands.js';
import { filterClassOf } from '../../src/domain/matching.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { JobRequeued } from '../../src/events/job.js';
import type { Attributes, Filter } from '../../src/events/shapes.js';
import type { Recorded } from '../../src/kernel/recorded.js';
import { anEnrolment, aQueuedJob } from '../builders.js';
import { placeOf, referenceSchedule, type Decisions } from '../domain/reference-schedule.js';
import { assignmentText, FleetWorld, policy, ready, rulesWith } from './fleet-world.js';

const family = (...values: readonly string[]): Filter => [{ key: 'platform_family', op: 'in', values }];
const filters: readonly Filter[] = [
  [],
  family('debian'),
  family('rhel'),
  family('debian', 'rhel'),
  [{ key: 'labels', op: 'all', values: ['gpu'] }],
  [...family('debian'), { key: 'labels', op: 'all', values: ['gpu'] }],
  [{ key: 'runner', op: 'in', values: ['r1'] }],
];

/** The last of them is never named by a runner. */
const enterprises = ['acme', 'globex', 'initech'] as const;
const named: readonly (readonly string[])[] = [[], ['acme'], ['globex'], ['acme', 'globex'], []];

/** What is installed of a toolchain that a rule speaks of; `{}`: nobody looked. */
const kits: readonly Attributes[] = [
  { toolchains: { chefdk: '2.4.17-1' } },
  { toolchains: { chefdk: '1.6.11-1' } },
  { toolchains: {} },
  {},
];

type Op = readonly [kind: number, a: number, b: number, wait: boolean, slots: number];
/** Most jobs take one slot; so do all of the first kind of history. */
const opWith = (slots: fc.Arbitrary<number>): fc.Arbitrary<Op> =>
  fc.tuple(fc.integer({ min: 0, max: 18 }), fc.nat(1000), fc.nat(1000), fc.boolean(), slots);
const op = opWith(fc.constant(1));
const heavyOp = opWith(fc.constantFrom(1, 1, 1, 2, 3, 4));

const causes: readonly Pick<JobRequeued, 'cause' | 'why'>[] = [
  { cause: 'runner_changed' },
  { cause: 'infrastructure' },
  { cause: 'infrastructure' },
  { cause: 'policy', why: 'failed' },
  { cause: 'policy', why: 'lost' },
];

/** The event that this number stands for in this state of things; undefined when it stands for none. */
const eventOf = (
  world: FleetWorld,
  [kind, a, b, , slots]: Op,
  n: number,
): [string, BatonEvent] | undefined => {
  const name = `r${a % 5}`;
  const stream = `runner-${name}`;
  const runner = world.state.runners.get(name);
  const pick = <T>(from: readonly T[]): T | undefined => from[b % Math.max(1, from.length)];
  const jobs = [...world.state.jobs.values()];
  const held = pick(jobs.filter(({ place }) => place !== undefined));
  const queued = pick(jobs.filter(({ place }) => place === undefined));
  if (kind <= 4) {
    const filter = pick(filters)!;
    const whenUnmatchable = (['wait', 'fail', 'expire'] as const)[a % 3]!;
    return [
      `job-j${n}`,
      {
        type: 'JobQueued',
        data: aQueuedJob({
          ...{ filter, priority: a % 4 === 0 ? 1 : 0, whenUnmatchable },
          ...(slots === 1 ? {} : { slots }),
          scope: { enterprise: enterprises[(a + b) % 3]!, organisation: 'web', project: 'shop' },
        }),
      },
    ];
  }
  if (kind === 5) return held && [`job-${held.jobId}`, { type: 'JobSucceeded', data: { attempt: 1 } }];
  if (kind === 6 || kind > 15)
    return (
      held && [
        `job-${held.jobId}`,
        {
          type: 'JobRequeued',
          data: {
            attempt: 1,
            ...causes[a % causes.length]!,
            ...(b % 3 === 0 ? { delayMs: 1 + 100_000 * (b % 4) } : {}),
          },
        },
      ]
    );
  if (kind === 7)
    return (
      queued && [
        `job-${queued.jobId}`,
        { type: 'JobCancelled', data: { evidence: { how: 'never_started' } } },
      ]
    );
  if (!runner)
    return [
      stream,
      {
        type: 'RunnerEnrolled',
        data: anEnrolment({
          ...{ name, slots: 1 + (b % 3), labels: b % 2 ? ['gpu'] : [] },
          ...{ enterprises: named[b % 5]! },
          ...(b % 7 === 0 ? { trial: true } : {}),
          ...(b % 4 === 0 ? { isolated: true, base: '/b' } : {}),
        }),
      },
    ];
  // of slots with folders of their own some may be there that were not looked at yet
  const seen = { ...ready, slotBaseIds: ['b0', 'b1', 'b2'].slice(0, a % 4) };
  const runnerEvents: readonly BatonEvent[] = [
    {
      type: 'RunnerAttributesChanged',
      data: { attributes: { platform_family: b % 2 ? 'rhel' : 'debian', ...kits[Math.floor(b / 2) % 4] } },
    },
    { type: 'RunnerProbed', data: b % 3 === 0 ? { ...ready, verdict: 'unreachable' } : seen },
    b % 3 === 0
      ? { type: 'RunnerProved', data: { bootId: 'boot', slots: [] } }
      : { type: 'RunnerProbed', data: seen },
    b % 2 ? { type: 'RunnerDrained', data: {} } : { type: 'RunnerResumed', data: {} },
    b % 2
      ? { type: 'SlotQuarantined', data: { slot: b % runner.slots, why: '', jobId: '' } }
      : { type: 'SlotCleared', data: { slot: b % runner.slots, by: 'person' } },
    b % 4 === 0
      ? { type: 'RunnerRetired', data: {} }
      : { type: 'RunnerQuarantined', data: { why: 'x', detail: 'x' } },
    { type: 'RunnerSettingsChanged', data: { enterprises: named[b % 5]! } },
    {
      type: 'RunnerSettingsChanged',
      data: b % 3 === 0 ? { isolated: a % 2 === 0, slots: 1 + (a % 3) } : { enterprises: named[b % 5]! },
    },
  ];
  return [stream, runnerEvents[kind - 8]!];
};

const assigned = (commands: readonly DispatchCommand[]): readonly string[] =>
  commands.flatMap((command) =>
    command.target === 'job' && command.command.kind === 'AssignJob'
      ? [assignmentText(command.id, command.command.data)]
      : [],
  );
const refused = (commands: readonly DispatchCommand[]): readonly string[] =>
  commands.flatMap((command) =>
    command.target === 'job' && command.command.kind === 'RefuseJob' ? [command.id] : [],
  );

const expectedIn = (world: FleetWorld): Decisions =>
  referenceSchedule(world.waiting(), world.runners(), policy.ageingMs, world.tickedMs);

const checkReasons = (world: FleetWorld): void => {
  const { reasons } = expectedIn(world);
  const sizes = new Set([1]);
  for (const { event } of world.events) if (event.type === 'JobQueued') sizes.add(event.data.slots ?? 1);
  for (const [filter, slots] of filters.flatMap((one) => [...sizes].map((size) => [one, size] as const))) {
    const last = (enterprise?: string) => world.reasons(filter, enterprise, slots).at(-1) ?? 'nothing_waits';
    const waiting = enterprises.filter((enterprise) => {
      const expected = reasons.get(placeOf({ filterClass: filterClassOf(filter), enterprise, slots }));
      const own = last(enterprise);
      // as whoever reads them does: the enterprise's own reason, else that of all others
      if (expected !== undefined) expect(own === 'nothing_waits' ? last() : own).toBe(expected);
      else expect(own).toBe('nothing_waits');
      return expected !== undefined;
    });
    if (waiting.length === 0) expect(last()).toBe('nothing_waits');
  }
};

const play = (ops: readonly Op[]): FleetWorld => {
  const world = new FleetWorld(rulesWith('1.4'));
  // enough to choose from, whatever the operations are
  for (let n = 0; n < 3; n++) world.ready(`r${n}`, { platform_family: 'debian' }, { slots: 1 + n });
  const owed: Recorded<BatonEvent>[] = [];
  const check = (commands: readonly DispatchCommand[], expected: Decisions): void => {
    expect(assigned(commands)).toEqual(expected.assignments);
    expect([...refused(commands)].sort()).toEqual([...expected.hopeless].sort());
    for (const command of commands) owed.push(...world.execute(command));
  };
  const settle = (): void => {
    for (let due = owed.shift(); due !== undefined; due = owed.shift()) {
      const expected = expectedIn(world);
      check(world.process.react(world.state, due), expected);
    }
    checkReasons(world);
  };
  /** Time is told only while nothing else is to be done. */
  const tick = (): void => {
    settle();
    const commands = world.owedByTick();
    check(commands, expectedIn(world));
    settle();
  };
  for (const [n, one] of ops.entries()) {
    world.nowMs += 100_000;
    const event = eventOf(world, one, n);
    if (event === undefined) continue;
    owed.push(world.fold(...event));
    // sometimes the state runs ahead: several events are folded before the first of them is answered
    if (!one[3]) settle();
    if (one[2] % 4 === 0) tick();
  }
  settle();
  return world;
};

describe('the scheduler and the plain rules', () => {
  it(
    'decide the same after every event of any history: who, where, in which order, by which rule, and why not',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(fc.array(op, { maxLength: 80 }), (ops) => void play(ops)),
        { numRuns: 400 },
      );
    },
  );

  it(
    'decide the same where jobs take several slots, and keep a runner for those that find none',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(fc.array(heavyOp, { maxLength: 80 }), (ops) => void play(ops)),
        { numRuns: 400 },
      );
    },
  );

  it(
    'decide the same when the scheduler has to start anew from the events, also under other rules',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(fc.array(heavyOp, { maxLength: 50 }), fc.nat(50), fc.boolean(), (ops, cut, isNewer) => {
          const { events } = play(ops);
          const world = new FleetWorld(rulesWith(isNewer ? '1.5' : '1.4'));
          const upTo = events.slice(0, cut);
          for (const recorded of upTo) {
            world.state = world.process.evolve(world.state, recorded);
            world.events.push(recorded);
          }
          expect(assigned(world.process.resume(world.state))).toEqual(expectedIn(world).assignments);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('decide the same when the state was kept and the rules changed meanwhile', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(heavyOp, { maxLength: 50 }), (ops) => {
        const before = play(ops);
        // every runner breaks the rule of before, and none is held by a job
        for (const name of before.state.runners.keys())
          before.tell(`runner-${name}`, {
            type: 'RunnerAttributesChanged',
            data: { attributes: { platform_family: 'debian', ...kits[0] } },
          });
        for (const { jobId, place } of before.state.jobs.values()) if (place) before.succeed(jobId);
        // whatever the operations are, one job waits for the rule alone
        before.ready('spare', { platform_family: 'debian', ...kits[0] });
        before.queue('last');
        const world = new FleetWorld(rulesWith('1.5'));
        const state = world.process.kept?.restore(before.process.kept?.save(before.state));
        if (state === undefined) expect.fail('the state was of no use');
        world.state = state;
        world.events.push(...before.events);
        world.tickedMs = before.tickedMs;
        const { assignments } = expectedIn(world);
        expect(assigned(world.process.resume(world.state))).toEqual(assignments);
        // a rule that keeps nothing from running would be no test
        expect(assignments.length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });
});
