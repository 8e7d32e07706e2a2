import { describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import { runner } from '../../src/domain/runner.js';
import { isRunnerEvent } from '../../src/events/catalog.js';
import type { Attributes, Filter } from '../../src/events/shapes.js';
import { fold } from '../../src/kernel/decider.js';
import { FleetWorld, ready } from '../dispatch/fleet-world.js';

/** A test of the runner that finds this. */
const tested = (world: FleetWorld, name: string, attributes: Attributes): void => {
  const past = world.events.flatMap(({ stream, event }) =>
    stream === `runner-${name}` && isRunnerEvent(event) ? [event] : [],
  );
  const decided = runner.decide({ kind: 'RecordProbe', probe: { ...ready, attributes } }, fold(runner, past));
  if (E.isLeft(decided)) throw new Error(decided.left.code);
  for (const event of decided.right) world.tell(`runner-${name}`, event);
};
const version = (value: string): Filter => [{ key: 'platform_version', op: 'in', values: [value] }];

describe('B12: a machine that was upgraded is known as what it is from its next test on', () => {
  it('given another version of its system, when tested, then jobs for the new one run there and those for the old wait', () => {
    const world = new FleetWorld();
    world.enrolled('r1');
    tested(world, 'r1', { platform: 'ubuntu', platform_version: '22.04' });
    world.queue('new', version('24.04'));
    expect(world.assignments).toEqual([]);
    tested(world, 'r1', { platform: 'ubuntu', platform_version: '24.04' });
    expect(world.assignments).toEqual(['new→r1/0 only_match']);
    world.succeed('new');
    world.queue('old', version('22.04'));
    expect(world.assignments).toHaveLength(1);
    expect(world.reasons(version('22.04')).at(-1)).toBe('none_matches');
  });
});
