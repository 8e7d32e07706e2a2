import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunnerSlots } from '../../src/domain/dispatch-index.js';
import type { Waiting } from '../domain/reference-schedule.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { aQueuedJob } from '../builders.js';
import { FleetWorld } from './fleet-world.js';

interface Placed {
  readonly jobId: string;
  readonly runner: string;
  readonly slots: readonly number[];
}

/** What holds slots now, the longest first: told by the events alone. */
const placedIn = ({ events }: FleetWorld): readonly Placed[] => {
  const placed = new Map<string, Placed>();
  for (const { stream, event } of events) {
    const jobId = stream.slice('job-'.length);
    if (event.type === 'JobAssigned') {
      const { runner, slot, alsoSlots = [] } = event.data;
      placed.set(jobId, { jobId, runner, slots: [slot, ...alsoSlots] });
    } else if (event.type === 'JobSucceeded' || event.type === 'JobRequeued') placed.delete(jobId);
  }
  return [...placed.values()];
};

const waitsIn = (world: FleetWorld, jobId: string): boolean =>
  world.state.jobs.get(jobId) !== undefined && world.state.jobs.get(jobId)?.place === undefined;

/** No slot twice, none that the runner does not have, and for each job as many as it takes. */
const checkPlaces = (world: FleetWorld, wanted: ReadonlyMap<string, number>, sizes: readonly number[]) => {
  const held = new Set<string>();
  for (const { jobId, runner, slots } of placedIn(world)) {
    expect(slots).toHaveLength(wanted.get(jobId) ?? 0);
    for (const slot of slots) {
      expect(slot).toBeLessThan(sizes[Number(runner.slice(1))] ?? 0);
      expect(held).not.toContain(`${runner}/${slot}`);
      held.add(`${runner}/${slot}`);
    }
  }
};

const aFleet = (sizes: readonly number[]): FleetWorld => {
  const world = new FleetWorld();
  for (const [n, slots] of sizes.entries()) world.ready(`r${n}`, {}, { slots });
  return world;
};

/** The runners that this job may have now, as far as what failed it says: all of these worlds suit and are available. */
const mayHave = ({ avoid, slots }: Waiting, runners: readonly RunnerSlots[]): readonly RunnerSlots[] => {
  const suiting = runners.filter((runner) => runner.slots >= slots);
  const choices = [avoid, avoid.slice(-1), []].map((shunned) =>
    suiting.filter(({ name }) => !shunned.includes(name)),
  );
  return choices.find((some) => some.length > 0) ?? [];
};

interface Keeping {
  readonly jobId: string;
  /** Place of its first event. */
  readonly order: number;
  /** The most free slots that a runner of its has. */
  readonly open: number;
}

const openFor = (world: FleetWorld, job: Waiting): number =>
  Math.max(0, ...mayHave(job, world.runners()).map(({ slots, busy }) => slots - busy.size));

const isHeavy = ({ slots }: Waiting): boolean => slots > 1;

/** Of the jobs of several slots that wait, the first that finds free slots where it would run. All have one priority: the age decides. */
const firstKeeping = (world: FleetWorld): Keeping | undefined => {
  for (const job of world.waiting().filter(isHeavy)) {
    const open = openFor(world, job);
    if (open > 0) return { jobId: job.jobId, order: job.order, open };
  }
  return undefined;
};

/** Folds the event and lets the scheduler act: what comes later than the first that can keep something takes nothing of that. */
const tellAndCheck = (world: FleetWorld, stream: string, event: BatonEvent): void => {
  world.nowMs += 1000;
  const recorded = world.fold(stream, event);
  const before = firstKeeping(world);
  const known = world.events.length;
  world.react(recorded);
  const job = world.waiting().find(({ jobId }) => jobId === before?.jobId);
  if (before === undefined || job === undefined) return;
  const cameBefore = new Set(
    world.events
      .slice(0, before.order)
      .flatMap((one) => (one.event.type === 'JobQueued' ? [one.stream] : [])),
  );
  const takenBefore = world.events
    .slice(known)
    .flatMap((one) =>
      one.event.type === 'JobAssigned' && cameBefore.has(one.stream)
        ? [one.event.data.slot, ...(one.event.data.alsoSlots ?? [])]
        : [],
    );
  expect(openFor(world, job)).toBeGreaterThanOrEqual(before.open - takenBefore.length);
};

/** How what holds a slot comes off it. */
const ends = {
  success: { type: 'JobSucceeded', data: { attempt: 1 } },
  lost: { type: 'JobRequeued', data: { attempt: 1, cause: 'policy', why: 'lost' } },
  infrastructure: { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } },
} as const;

const size = fc.constantFrom(2, 2, 3, 4, 6);
const step = fc.tuple(fc.nat(100), fc.constantFrom('success', 'success', 'lost', 'infrastructure'));

const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });
type Op = readonly [kind: 'queue' | 'end' | 'requeue', slots: number, pick: number];
const op: fc.Arbitrary<Op> = fc.tuple(
  fc.constantFrom('queue', 'queue', 'end', 'end', 'requeue'),
  fc.constantFrom(1, 1, 1, 2, 3, 6),
  fc.nat(100),
);

describe('jobs of several slots', () => {
  it('hold each slot alone, as many as they take, on one runner; whatever comes and ends', () => {
    fc.assert(
      fc.property(sizes, fc.array(op, { maxLength: 60 }), (has, ops) => {
        const world = aFleet(has);
        const wanted = new Map<string, number>();
        for (const [n, [kind, slots, pick]] of ops.entries()) {
          world.nowMs += 1000;
          const placed = placedIn(world);
          const one = placed[pick % Math.max(1, placed.length)];
          if (kind === 'queue') {
            wanted.set(`j${n}`, slots);
            world.queue(`j${n}`, [], slots === 1 ? {} : { slots });
          } else if (one !== undefined && kind === 'end') world.succeed(one.jobId);
          else if (one !== undefined) world.fail(one.jobId, { cause: 'runner_changed' });
          checkPlaces(world, wanted, has);
        }
      }),
      { numRuns: 300 },
    );
  });

  it(
    'start after a bounded number of ends, however many one-slot jobs keep coming',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(
          sizes,
          fc.integer({ min: 2, max: 6 }),
          fc.nat(5),
          fc.array(fc.nat(100), { minLength: 8, maxLength: 8 }),
          (has, asked, ahead, picks) => {
            const slots = Math.min(asked, Math.max(2, ...has));
            const all = has.reduce((sum, one) => sum + one, 0);
            const world = aFleet(has);
            let count = 0;
            const light = (): void => world.queue(`light${count++}`);
            for (let n = 0; n < all + ahead; n++) light();
            world.nowMs += 1000;
            world.queue('heavy', [], { slots });
            const fits = has.some((one) => one >= slots);
            // of the jobs that run any of the older half ends: so none runs longer than twice as many ends as there are slots
            const most = ahead + 2 * all * (slots + has.length);
            let ends = 0;
            while (waitsIn(world, 'heavy') && ends < most) {
              world.nowMs += 1000;
              // more come than can run
              light();
              light();
              const placed = placedIn(world);
              const older = Math.max(1, Math.floor(placed.length / 2));
              const pick = (picks[ends % picks.length] ?? 0) % older;
              // each in its turn is the oldest once
              world.succeed(placed[ends % 2 === 0 ? 0 : pick]?.jobId ?? '');
              ends++;
            }
            expect(waitsIn(world, 'heavy')).toBe(!fits);
            if (!fits) return;
            // what was kept for it is all there was: no other runner has anything free while so many wait
            const busy = placedIn(world).reduce((sum, one) => sum + one.slots.length, 0);
            expect(busy).toBe(all);
          },
        ),
        { numRuns: 200 },
      );
    },
  );

  it(
    'of several sizes, some of which are tried elsewhere, start all; nothing later takes what the first of them can keep',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(
          sizes,
          fc.array(size, { minLength: 1, maxLength: 4 }),
          fc.array(step),
          (has, asked, steps) => {
            const world = aFleet(has);
            const all = has.reduce((sum, one) => sum + one, 0);
            let count = 0;
            const light = (): void => world.queue(`light${count++}`);
            for (let n = 0; n < all; n++) light();
            const heavies = asked.map((slots, n) => {
              world.nowMs += 1000;
              world.queue(`heavy${n}`, [], { slots: Math.min(slots, Math.max(...has)) });
              light();
              return `heavy${n}`;
            });
            const isWaiting = (): boolean => heavies.some((jobId) => waitsIn(world, jobId));
            const end = (one: Placed | undefined, how: keyof typeof ends): void => {
              if (one === undefined) return;
              // a runner that fails its jobs in a row would be quarantined; here it is always forgiven
              world.tell(`runner-${one.runner}`, { type: 'RunnerCleared', data: { by: 'person' } });
              tellAndCheck(world, `job-${one.jobId}`, ends[how]);
              tellAndCheck(world, `job-light${count++}`, {
                type: 'JobQueued',
                data: aQueuedJob({ filter: [] }),
              });
            };
            for (const [pick, how] of steps) {
              const placed = placedIn(world);
              end(placed[pick % placed.length], how);
            }
            // from now on whatever runs the longest ends
            const most = 2 * all * (Math.max(...has) + has.length) * (heavies.length + 1) + count;
            for (let n = 0; isWaiting() && n < most; n++) end(placedIn(world)[0], 'success');
            expect(isWaiting()).toBe(false);
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  it('keep one runner for themselves, and leave all others to those behind them', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(100), { maxLength: 20 }), (has, picks) => {
        const slots = Math.max(2, ...has);
        const world = aFleet(has);
        const all = has.reduce((sum, one) => sum + one, 0);
        for (let n = 0; n < all; n++) world.queue(`first${n}`);
        world.queue('heavy', [], { slots });
        for (let n = 0; n < all + picks.length; n++) world.queue(`light${n}`);
        for (const pick of picks) {
          if (!waitsIn(world, 'heavy')) return;
          const placed = placedIn(world);
          world.succeed(placed[pick % placed.length]?.jobId ?? '');
          if (!waitsIn(world, 'heavy')) return;
          const held = new Map<string, number>();
          for (const one of placedIn(world))
            held.set(one.runner, (held.get(one.runner) ?? 0) + one.slots.length);
          const open = has.filter((size, n) => (held.get(`r${n}`) ?? 0) < size);
          // and that is one that can have enough
          for (const size of open) expect(size).toBeGreaterThanOrEqual(slots);
          expect(open.length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 200 },
    );
  });
});
