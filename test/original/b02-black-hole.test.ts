import { describe, expect, it } from 'vitest';
import { quarantine } from '../../src/dispatch/quarantine.js';
import { job } from '../../src/domain/job.js';
import { isJobEvent } from '../../src/events/catalog.js';
import { fold } from '../../src/kernel/decider.js';
import { FleetWorld } from '../dispatch/fleet-world.js';

describe('B2: a runner that fails whatever it is given is taken out of service, and uses up no job', () => {
  it('given three attempts in a row that it ended, then it gets no other, is quarantined, and they run elsewhere', () => {
    const world = new FleetWorld();
    world.ready('black-hole');
    world.ready('good');
    world.held('holder', 'good');
    const failed = ['a', 'b', 'c'];
    for (const id of failed) {
      world.queue(id);
      expect(world.assignments.at(-1)).toBe(`${id}→black-hole/0 least_loaded`);
      world.fail(id);
    }
    // it is free, and gets nothing more
    world.queue('next');
    expect(world.assignments).toHaveLength(3);
    const state = world.events.reduce((s, recorded) => quarantine.evolve(s, recorded), quarantine.init());
    expect(quarantine.resume(state)).toMatchObject([
      { target: 'runner', id: 'black-hole', command: { kind: 'QuarantineRunner', why: 'repeated_failures' } },
    ]);
    for (const id of failed) {
      const past = world.events.flatMap(({ stream, event }) =>
        stream === `job-${id}` && isJobEvent(event) ? [event] : [],
      );
      expect(fold(job, past).status).toBe('queued');
    }
    for (const id of ['holder', ...failed]) world.succeed(id);
    expect(world.assignments.slice(3).map((text) => text.split('/')[0])).toEqual([
      ...['a→good', 'b→good', 'c→good', 'next→good'],
    ]);
  });
});
