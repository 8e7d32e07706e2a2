import { describe, expect, it } from 'vitest';
import { queue, toQueueView } from '../../projections/queue.js';
import type { Filter } from '../../src/events/shapes.js';
import { FleetWorld, policy } from '../dispatch/fleet-world.js';
import { viewOf } from '../given.js';

const rhel: Filter = [{ key: 'platform_family', op: 'in', values: ['rhel'] }];
const givenOnlyDebian = (): FleetWorld => {
  const world = new FleetWorld();
  world.ready('r1', { platform_family: 'debian' });
  return world;
};
const endOf = (world: FleetWorld) =>
  world.events
    .filter(({ event }) => event.type === 'JobUndeliverable' || event.type === 'JobExpired')
    .map(({ event }) => event);

describe('B1: a job that no runner can ever match says so, and ends as its policy wants', () => {
  it('given the policy to wait, then the queue says what was wanted and what the runners have instead', () => {
    const world = givenOnlyDebian();
    world.queue('j', rhel);
    expect(toQueueView(viewOf(queue, world.events), '0').entries).toMatchObject([
      {
        jobId: 'j',
        waiting: {
          reason: 'none_matches',
          detail: expect.stringMatching(/can ever match.*rhel.*have debian/) as unknown,
        },
      },
    ]);
    world.nowMs = 100 * policy.unmatchedMs;
    world.tick();
    expect(endOf(world)).toEqual([]);
  });
  it('given the policy to fail, then it ends at once as undeliverable', () => {
    const world = givenOnlyDebian();
    world.queue('j', rhel, { whenUnmatchable: 'fail' });
    expect(endOf(world)).toMatchObject([{ type: 'JobUndeliverable', data: { why: 'no_runner_matches' } }]);
  });
  it('given the policy to expire, then it ends after its time, and not before', () => {
    const world = givenOnlyDebian();
    world.queue('j', rhel, { whenUnmatchable: 'expire' });
    world.nowMs = policy.unmatchedMs;
    world.tick();
    expect(endOf(world)).toEqual([]);
    world.nowMs += 1;
    world.tick();
    expect(endOf(world)).toMatchObject([{ type: 'JobExpired', data: { why: 'no_runner_matches' } }]);
  });
});
