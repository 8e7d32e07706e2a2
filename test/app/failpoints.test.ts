import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { failpointOf, failpoints, passing, storeWithFailpoints } from '../../src/app/failpoints.js';
import { memoryStore } from '../../src/store/memory.js';
import { aQueuedJob, anAssignment, asNew } from '../builders.js';

describe('the name of a failpoint', () => {
  it('given nothing, then none', () => {
    expect(failpointOf(undefined)).toEqual(E.right(undefined));
    expect(failpointOf('')).toEqual(E.right(undefined));
  });

  it('given a name, then it kills at the first pass; a number and `stop` change that', () => {
    const failpoint = 'append.JobAssigned.before';
    expect(failpointOf(failpoint)).toEqual(E.right({ failpoint, pass: 1, blow: 'SIGKILL' }));
    expect(failpointOf(`${failpoint}:12`)).toEqual(E.right({ failpoint, pass: 12, blow: 'SIGKILL' }));
    expect(failpointOf(`${failpoint}:stop`)).toEqual(E.right({ failpoint, pass: 1, blow: 'SIGSTOP' }));
    expect(failpointOf(`${failpoint}:3:stop`)).toEqual(E.right({ failpoint, pass: 3, blow: 'SIGSTOP' }));
  });

  it.each(['append.JobDone.before', 'start', 'start.sent:0', 'start.sent:1:go', 'start.sent ', 'toString'])(
    'given %j, then refused with those that there are',
    (text) => {
      const found = failpointOf(text);
      if (E.isRight(found)) throw new Error('expected a refusal');
      for (const name of failpoints) expect(found.left.hint).toContain(name);
    },
  );
});

describe('a store with failpoints', () => {
  it('given an append of two events, then both are passed before and after it; a refused one is passed before only', async () => {
    const passed: string[] = [];
    const store = storeWithFailpoints(memoryStore(), (place) => passed.push(place));
    const events = [
      asNew({ type: 'JobQueued', data: aQueuedJob() }),
      asNew({ type: 'JobAssigned', data: anAssignment() }),
    ];
    await store.append('job-1', events, 'no_stream')();
    const [before, after] = ['before', 'after'].map((side) => [
      `append.JobQueued.${side}`,
      `append.JobAssigned.${side}`,
    ]);
    expect(passed).toEqual([...(before ?? []), ...(after ?? [])]);
    await store.append('job-1', [asNew({ type: 'JobQueued', data: aQueuedJob() })], 7)();
    expect(passed.slice(4)).toEqual(['append.JobQueued.before']);
  });

  it('given the third pass, then it strikes there and only there', () => {
    const struck: number[] = [];
    let passes = 0;
    const at = passing({ failpoint: 'start.sent', pass: 3, blow: 'SIGSTOP' }, () => struck.push(passes));
    for (passes = 1; passes <= 5; passes += 1) {
      at('start.before');
      at('start.sent');
    }
    expect(struck).toEqual([3]);
  });
});
