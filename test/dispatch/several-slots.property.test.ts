import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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
