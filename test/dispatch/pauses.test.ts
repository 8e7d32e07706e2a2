import { describe, expect, it } from 'vitest';
import { pauses } from '../../src/dispatch/pauses.js';
import { FIRST_INSTANT } from '../given.js';
import { plusMillis } from '../../src/kernel/time.js';
import { anEnrolment } from '../builders.js';
import { OneProcess } from './one-process.js';

const until = plusMillis(FIRST_INSTANT, 60_000);

const paused = (crashAt: readonly number[] = []): OneProcess<ReturnType<typeof pauses.init>> => {
  const world = new OneProcess(pauses, crashAt);
  world.tell('r1', { kind: 'EnrolRunner', data: anEnrolment() });
  world.tell('r1', { kind: 'PauseRunner', until }, { actor: 'alice' });
  world.tick();
  return world;
};

const PAUSED = ['RunnerEnrolled', 'RunnerPaused'];

describe('a pause that has an end', () => {
  it.each([[[]], [[2]]])('given its end has passed, then the runner is resumed; crashes at %j', (crashAt) => {
    const world = paused(crashAt);
    expect(world.types('runner-r1')).toEqual(PAUSED);
    world.at = until;
    world.tick();
    world.tick();
    expect(world.types('runner-r1')).toEqual([...PAUSED, 'RunnerResumed']);
    expect(world.events.at(-1)?.metadata).toMatchObject({ actor: 'baton', reason: 'pause ended' });
    expect(world.asked).toHaveLength(1);
  });
  it('given it was resumed, drained, paused without an end, or is to be removed, then nothing ends', () => {
    for (const command of [
      { kind: 'ResumeRunner' },
      { kind: 'DrainRunner' },
      { kind: 'PauseRunner' },
      { kind: 'RequestRemoval', cancelJobs: false },
    ] as const) {
      const world = paused();
      world.tell('r1', command);
      world.at = plusMillis(until, 1);
      world.tick();
      expect(world.asked).toEqual([]);
    }
  });
});
