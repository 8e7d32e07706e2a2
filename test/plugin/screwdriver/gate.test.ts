import { describe, expect, it } from 'vitest';
import { blockersOf, collapsesInto } from '../../../plugin/hosts/screwdriver/gate.js';

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

  it('one that is stopped does not matter, unless Baton has it', () => {
    const stopped = build(3, 1, { stopAsked: true });
    expect(blockersOf(build(5, 1), [stopped, build(4, 1)])).toEqual([4]);
    expect(blockersOf(build(5, 1), [{ ...stopped, state: 'promoted' as const }])).toEqual([3]);
  });

  it('a job may say that its own builds run at once; other jobs still block it', () => {
    const annotations = { 'screwdriver.cd/blockedBySameJob': false };
    const atOnce = build(5, 1, { annotations, blockedBy: [1, 2] });
    expect(blockersOf(atOnce, [build(3, 1), build(4, 2)])).toEqual([4]);
  });
});

describe('collapsesInto', () => {
  const waiting = (buildId: number, jobId = 1, more: object = {}) =>
    build(buildId, jobId, { blockedTold: true, ...more });
  const annotated = (name: string, value: unknown) => ({
    annotations: { [`screwdriver.cd/${name}`]: value },
  });

  it('the newest that waits, of the same job', () => {
    const live = [waiting(3), waiting(4), waiting(5), waiting(6, 2)];
    expect(live.map((one) => collapsesInto(one, live, true))).toEqual([5, 5, undefined, undefined]);
  });

  it('none that runs, was not found to be blocked, is to be stopped, or cannot be run', () => {
    const [running, fresh, stopped, refused] = [
      waiting(4, 1, { state: 'promoted' }),
      build(5, 1),
      waiting(6, 1, { stopAsked: true }),
      waiting(7, 1, { refusal: 'undeliverable: it cannot be run' }),
    ];
    expect(collapsesInto(waiting(3), [running, fresh, stopped, refused], true)).toBeUndefined();
    for (const one of [running, fresh, stopped, refused])
      expect(collapsesInto(one, [waiting(9)], true)).toBeUndefined();
  });

  it.each([
    ['says nothing', {}, true, 4],
    ['says nothing', {}, false, undefined],
    ['wants it', annotated('collapseBuilds', true), false, 4],
    ['does not', annotated('collapseBuilds', 'false'), true, undefined],
    ['runs its builds at once', annotated('blockedBySameJob', false), true, undefined],
  ])('as the newer one asks for: it %s: %j', (_, more, byDefault, into) => {
    expect(collapsesInto(waiting(3), [waiting(4, 1, more)], byDefault)).toBe(into);
  });
});
