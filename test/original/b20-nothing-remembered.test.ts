import { describe, expect, it } from 'vitest';
import { cancellation } from '../../src/dispatch/cancellation.js';
import { dispatcher } from '../../src/dispatch/dispatcher.js';
import { watchdog } from '../../src/dispatch/watchdog.js';
import { queue } from '../../projections/queue.js';
import { isJobEvent } from '../../src/events/catalog.js';
import { FleetWorld } from '../dispatch/fleet-world.js';
import { viewOf } from '../given.js';

describe('B20: what only concerns a live job is forgotten with its end', () => {
  it('given 200 jobs that have ended, then each process and the queue remember as much as before the first', () => {
    const world = new FleetWorld();
    world.ready('r1', {}, { slots: 4 });
    for (let n = 0; n < 200; n++) {
      world.queue(`j${n}`);
      if (n % 3 === 0) world.fail(`j${n}`);
      world.succeed(`j${n}`);
    }
    const { state, events } = world;
    expect(world.assignments.length).toBeGreaterThanOrEqual(200);
    expect([state.jobs.size, state.deadlines.size, state.index.classCount]).toEqual([0, 0, 1]);
    expect(state.runners.get('r1')?.busy.size).toBe(0);
    const runners = events.filter(({ event }) => !isJobEvent(event));
    for (const process of [dispatcher, watchdog({ startMs: 1000 })])
      expect(events.reduce((s, e) => process.evolve(s, e), process.init())).toEqual(process.init());
    const folded = (all: typeof events) =>
      all.reduce((s, e) => cancellation.evolve(s, e), cancellation.init());
    expect(folded(events)).toEqual(folded(runners));
    expect(viewOf(queue, events).jobs).toEqual({});
  });
});
