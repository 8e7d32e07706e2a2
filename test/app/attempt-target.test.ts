import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { attemptTargetOf } from '../../src/app/runner-target.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Position } from '../../src/kernel/recorded.js';
import { memoryStore } from '../../src/store/memory.js';
import { anAssignment, anEnrolment, asNew } from '../builders.js';

/** A store in which one machine after the other had the name r1; a job was assigned to each. */
const twoLives = async () => {
  const store = memoryStore();
  const append = async (stream: string, event: BatonEvent): Promise<Position> => {
    const done = await store.append(stream, [asNew(event)], 'any')();
    if (E.isLeft(done)) throw new Error(done.left.code);
    return done.right.position;
  };
  await append('runner-r1', { type: 'RunnerEnrolled', data: anEnrolment({ host: 'first' }) });
  const first = await append('job-a', { type: 'JobAssigned', data: anAssignment() });
  await append('runner-r1', { type: 'RunnerSettingsChanged', data: { port: 2200 } });
  await append('runner-r1', { type: 'RunnerRetired', data: {} });
  const late = await append('job-b', { type: 'JobAssigned', data: anAssignment() });
  await append('runner-r1', { type: 'RunnerEnrolled', data: anEnrolment({ host: 'second' }) });
  const second = await append('job-c', { type: 'JobAssigned', data: anAssignment() });
  return { store, first, late, second };
};

describe('the machine that is asked for an attempt', () => {
  it('is the one that had the name when the attempt was assigned, as it is reached now; never the next one', async () => {
    const { store, first, late, second } = await twoLives();
    const reached = async (assignedAt: Position) => {
      const target = await attemptTargetOf({ store }, { runner: 'r1', slot: 0, assignedAt });
      return E.isRight(target) ? [target.right.host, target.right.port] : undefined;
    };
    expect(await reached(first)).toEqual(['first', 2200]);
    expect(await reached(late)).toEqual(['first', 2200]);
    expect(await reached(second)).toEqual(['second', 22]);
  });
});

describe('the account that is asked for an attempt', () => {
  it('is that of its slot, as it was when the attempt was assigned', async () => {
    const store = memoryStore();
    const append = async (stream: string, event: BatonEvent): Promise<Position> => {
      const done = await store.append(stream, [asNew(event)], 'any')();
      if (E.isLeft(done)) throw new Error(done.left.code);
      return done.right.position;
    };
    await append('runner-r1', {
      type: 'RunnerEnrolled',
      data: anEnrolment({ user: 'ci', base: '/b', slots: 2 }),
    });
    const shared = await append('job-a', { type: 'JobAssigned', data: anAssignment({ slot: 1 }) });
    await append('runner-r1', { type: 'RunnerSettingsChanged', data: { isolated: true } });
    const apart = await append('job-b', { type: 'JobAssigned', data: anAssignment({ slot: 1 }) });
    await append('runner-r1', { type: 'RunnerSettingsChanged', data: { isolated: false, port: 2200 } });
    const reached = async (assignedAt: Position) => {
      const target = await attemptTargetOf({ store }, { runner: 'r1', slot: 1, assignedAt });
      return E.isRight(target) ? [target.right.user, target.right.base, target.right.port] : undefined;
    };
    expect(await reached(shared)).toEqual(['ci', '/b', 2200]);
    expect(await reached(apart)).toEqual(['ci-1', '/b-1', 2200]);
  });
});
