import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobIdOf } from '../../src/domain/phase-run.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Recorded } from '../../src/kernel/recorded.js';
import { anEnrolment, aPromotion } from '../builders.js';
import { World } from './world.js';

const TERMINAL = [
  'JobSucceeded',
  'JobFailed',
  'JobCancelled',
  'JobTimedOut',
  'JobLost',
  'JobExpired',
  'JobUndeliverable',
];

/** Throws when two jobs hold one slot at any moment of this history. */
const checkSlots = (events: readonly Recorded<BatonEvent>[]): void => {
  const held = new Map<string, string>();
  for (const { stream, event } of events) {
    if (event.type === 'JobAssigned') {
      const slot = `${event.data.runner}/${event.data.slot}`;
      expect(held.get(slot), `slot ${slot} at ${stream}`).toBeUndefined();
      held.set(slot, stream);
    }
    if (TERMINAL.includes(event.type) || event.type === 'JobRequeued')
      for (const [slot, holder] of held) if (holder === stream) held.delete(slot);
  }
};

interface Script {
  readonly runners: readonly { readonly platform: string; readonly slots: number }[];
  readonly phases: readonly {
    readonly platforms: readonly string[];
    readonly cancel: boolean;
    readonly cancelFirst: boolean;
  }[];
  readonly order: readonly number[];
}

const platform = fc.constantFrom('debian', 'rhel');
const script: fc.Arbitrary<Script> = fc.record({
  runners: fc.array(fc.record({ platform, slots: fc.integer({ min: 1, max: 2 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  phases: fc.array(
    fc.record({
      platforms: fc.array(platform, { minLength: 1, maxLength: 3 }),
      cancel: fc.boolean(),
      cancelFirst: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  order: fc.array(fc.nat(50), { maxLength: 60 }),
});

const play = (
  { runners, phases, order }: Script,
  crashAt: readonly number[] = [],
  cancels = true,
  before: (world: World) => void = () => undefined,
): World => {
  const world = new World(crashAt);
  before(world);
  for (const [i, { platform: platform_family, slots }] of runners.entries()) {
    const name = `r${i}`;
    world.tell(name, { kind: 'EnrolRunner', data: anEnrolment({ name, slots }) });
    world.tell(name, {
      kind: 'RecordProbe',
      probe: {
        verdict: 'ready',
        findings: [],
        baseId: 'base',
        bootId: 'boot',
        attributes: { platform_family },
      },
    });
  }
  let turn = 0;
  const steps = (n: number): void => {
    for (let i = 0; i < n; i++) world.step(order[turn++ % Math.max(1, order.length)] ?? 0);
  };
  for (const [i, { platforms, cancel, cancelFirst }] of phases.entries()) {
    const id = `p${i}`;
    const ask = () => world.promote(id, { kind: 'CancelPhase', host: 'test', hostKey: id });
    if (cancels && cancelFirst) ask();
    const rows = platforms.map((p) => ({
      label: p,
      filter: [{ key: 'platform_family', op: 'in' as const, values: [p] }],
    }));
    world.promote(id, { kind: 'PromotePhase', data: aPromotion({ hostKey: id, rows }) });
    steps(4);
    if (cancels && cancel) ask();
    steps(3);
  }
  world.settle();
  return world;
};

const ends = (world: World): Record<string, string> =>
  Object.fromEntries(
    world.events
      .filter(({ event }) => TERMINAL.includes(event.type) || event.type === 'PhaseFinished')
      .map(({ stream, event }) => [stream, event.type === 'PhaseFinished' ? event.data.outcome : event.type]),
  );

describe('the saga', () => {
  it(
    'a slot never holds two jobs, every job ends at most once, no attempt runs twice',
    { timeout: 30_000 },
    () => {
      fc.assert(
        fc.property(script, fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 3 }), (s, crashes) => {
          const world = play(s, crashes);
          checkSlots(world.events);
          for (const [attempt, { runs }] of world.attempts) expect(runs, attempt).toBeLessThanOrEqual(1);
          const terminals = world.events
            .filter(({ event }) => TERMINAL.includes(event.type))
            .map(({ stream }) => stream);
          expect(new Set(terminals).size).toBe(terminals.length);
        }),
        { numRuns: 300 },
      );
    },
  );

  it('a crash at any event, followed by resume, ends like no crash', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(script, (s) => {
        const calm = play(s, [], false);
        for (let n = 1; n <= calm.events.length; n++) expect(ends(play(s, [n], false))).toEqual(ends(calm));
      }),
      { numRuns: 25 },
    );
  });

  it('a cancel that comes before the promotion starts nothing', () => {
    const world = new World();
    world.promote('p', { kind: 'CancelPhase', host: 'test', hostKey: 'p' });
    world.promote('p', { kind: 'PromotePhase', data: aPromotion() });
    world.settle();
    expect(ends(world)).toEqual({ 'phase_run-p': 'cancelled' });
    expect(world.attempts.size).toBe(0);
  });

  it('a crash between the assignment and a cancel loses neither', () => {
    const world = new World();
    world.tell('r0', { kind: 'EnrolRunner', data: anEnrolment({ name: 'r0' }) });
    world.tell('r0', {
      kind: 'RecordProbe',
      probe: { verdict: 'ready', findings: [], baseId: 'b', bootId: 'b' },
    });
    world.promote('p', { kind: 'PromotePhase', data: aPromotion() });
    while (!world.events.some(({ event }) => event.type === 'JobAssigned')) world.step(0);
    world.cancelJob(jobIdOf('p', 0));
    world.crash();
    world.settle();
    // whichever reaches the runner first wins; either way it is told as what it was
    expect(['cancelled', 'succeeded']).toContain(ends(world)['phase_run-p']);
    expect(Object.keys(ends(world))).toHaveLength(2);
  });

  it(
    'what a closed job left on a runner that was away is ended once it is back, whatever crashes in between',
    { timeout: 30_000 },
    () => {
      const crashes = fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 4 });
      fc.assert(
        fc.property(script, crashes, fc.array(fc.nat(20), { maxLength: 6 }), (s, at, closings) => {
          const world = play(s, at, true, (begun) => {
            begun.away = true;
          });
          const onRunners = (): readonly string[] =>
            world.events.flatMap(({ stream, event }) =>
              event.type === 'JobAssigned' ? [stream.slice('job-'.length)] : [],
            );
          for (const closing of closings) {
            const held = onRunners();
            const jobId = held[closing % Math.max(1, held.length)];
            if (jobId !== undefined) world.closeJob(jobId);
            world.settle();
          }
          world.comesBack();
          world.settle();
          const of = (type: string): readonly string[] =>
            world.events.flatMap(({ stream, event }) => (event.type === type ? [stream] : []));
          const closed = world.events.flatMap(({ stream, event }) =>
            event.type === 'JobLost' && event.data.why === 'closed' ? [stream] : [],
          );
          expect([...of('JobRemainsEnded')].sort()).toEqual([...closed].sort());
          for (const [attempt, { runs, state }] of world.attempts) {
            expect(runs, attempt).toBeLessThanOrEqual(1);
            expect(state, attempt).not.toBe('running');
          }
          checkSlots(world.events);
          // those that no runner suits wait on
          const ended = world.events
            .filter(({ event }) => TERMINAL.includes(event.type))
            .map((e) => e.stream);
          expect(new Set(ended).size).toBe(ended.length);
          expect(of('JobAssigned').filter((stream) => !ended.includes(stream))).toEqual([]);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('a job whose policy says so is tried again until it succeeds, and ends once, whatever crashes in between', () => {
    const crashes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(script, crashes, fc.nat(3), (s, at, failing) => {
        const retry = { attempts: 3, on: ['failed' as const], delayMs: 0 };
        const world = play({ ...s, phases: [] }, at);
        world.failing = failing;
        const rows = s.phases.map(({ platforms: [family = ''] }, i) => ({
          label: String(i),
          filter: [{ key: 'platform_family', op: 'in' as const, values: [family] }],
        }));
        world.promote('p', { kind: 'PromotePhase', data: aPromotion({ rows, retry }) });
        world.settle();
        for (const [attempt, { runs }] of world.attempts) expect(runs, attempt).toBeLessThanOrEqual(1);
        checkSlots(world.events);
        const typesOf = (stream: string): readonly string[] =>
          world.events.filter((one) => one.stream === stream).map(({ event }) => event.type);
        const ran = new Set(world.events.flatMap((e) => (e.event.type === 'JobAssigned' ? [e.stream] : [])));
        for (const stream of ran) {
          const types = typesOf(stream);
          const ended = types.filter((type) => TERMINAL.includes(type));
          expect(ended).toEqual([failing < 3 ? 'JobSucceeded' : 'JobFailed']);
          expect(types.filter((type) => type === 'JobRequeued')).toHaveLength(Math.min(failing, 2));
          expect(types.lastIndexOf('JobRequeued')).toBeLessThan(types.indexOf(ended[0] ?? ''));
          expect(types).not.toContain('JobReportRefused');
        }
      }),
      { numRuns: 200 },
    );
  });

  it('a job that no runner suits waits, with a reason that names what is missing, and runs once one is enrolled', () => {
    const world = new World();
    world.tell('r0', { kind: 'EnrolRunner', data: anEnrolment({ name: 'r0' }) });
    world.tell('r0', {
      kind: 'RecordProbe',
      probe: {
        verdict: 'ready',
        findings: [],
        baseId: 'b',
        bootId: 'b',
        attributes: { platform_family: 'debian' },
      },
    });
    const filter = [{ key: 'platform_family', op: 'in' as const, values: ['rhel'] }];
    world.promote('p', { kind: 'PromotePhase', data: aPromotion({ rows: [{ label: '', filter }] }) });
    world.settle();
    const reasons = world.events.flatMap(({ event }) =>
      event.type === 'WaitReasonChanged' ? [event.data] : [],
    );
    expect(reasons.map((r) => r.reason)).toEqual(['none_matches']);
    expect(reasons[0]?.detail).toContain('debian');
    world.tell('r1', { kind: 'EnrolRunner', data: anEnrolment({ name: 'r1' }) });
    world.tell('r1', {
      kind: 'RecordProbe',
      probe: {
        verdict: 'ready',
        findings: [],
        baseId: 'b',
        bootId: 'b',
        attributes: { platform_family: 'rhel' },
      },
    });
    world.settle();
    expect(ends(world)['phase_run-p']).toBe('succeeded');
  });
});
