import { describe, expect, it } from 'vitest';
import { blockersOf } from '../../../plugin/hosts/screwdriver/gate.js';

const build = (buildId: number, jobId: number, more: object = {}) => ({
  ...{ buildId, jobId, blockedBy: [jobId], annotations: {}, state: 'ready' as const },
  ...more,
});

describe('blockersOf', () => {
  it('an older build of the same job goes first, a newer one and other jobs do not matter', () => {
    expect(blockersOf(build(5, 1), [build(3, 1), build(4, 2), build(5, 1), build(6, 1)])).toEqual([3]);
  });

  it('jobs that block each other do not wait for each other: the older build goes first', () => {
    const [a, b] = [build(1, 1, { blockedBy: [1, 2] }), build(2, 2, { blockedBy: [2, 1] })];
    expect(blockersOf(a, [a, b])).toEqual([]);
    expect(blockersOf(b, [a, b])).toEqual([1]);
  });

  it('a build that was made earlier and starts later waits for one that runs', () => {
    const running = { ...build(7, 1), state: 'promoted' as const };
    expect(blockersOf(build(2, 1), [running, build(2, 1)])).toEqual([7]);
  });

  it('a job may say that its own builds run at once; other jobs still block it', () => {
    const annotations = { 'screwdriver.cd/blockedBySameJob': false };
    const atOnce = build(5, 1, { annotations, blockedBy: [1, 2] });
    expect(blockersOf(atOnce, [build(3, 1), build(4, 2)])).toEqual([4]);
  });
});
