import { describe, expect, it } from 'vitest';
import { filterClassOf } from '../../src/domain/matching.js';
import type { JobAssigned } from '../../src/events/job.js';
import type { Filter } from '../../src/events/shapes.js';
import { FleetWorld } from './fleet-world.js';

const heavy = (slots: number) => ({ slots });

const aFleet = (sizes: Readonly<Record<string, number>>): FleetWorld => {
  const world = new FleetWorld();
  for (const [name, slots] of Object.entries(sizes)) world.ready(name, {}, { slots });
  return world;
};

const assignmentOf = (world: FleetWorld, jobId: string): JobAssigned | undefined =>
  world.events
    .flatMap(({ stream, event }) =>
      stream === `job-${jobId}` && event.type === 'JobAssigned' ? [event.data] : [],
    )
    .at(-1);

const lastReason = (world: FleetWorld, slots: number, filter: Filter = []) =>
  world.events
    .flatMap(({ event }) =>
      event.type === 'WaitReasonChanged' &&
      (event.data.slots ?? 1) === slots &&
      JSON.stringify(event.data.filter) === JSON.stringify(filter)
        ? [event.data]
        : [],
    )
    .at(-1);

describe('a job that takes several slots', () => {
  it('waits until so many are free on one runner, and those behind it take none of them meanwhile', () => {
    const world = aFleet({ r1: 3 });
    world.queue('a');
    world.queue('b');
    world.queue('all', [], heavy(3));
    world.queue('c');
    world.queue('d');
    expect(world.assignments).toEqual(['a→r1/0 only_match', 'b→r1/1 only_match']);
    world.succeed('b');
    world.succeed('a');
    expect(world.assignments.slice(2)).toEqual(['all→r1/0+1+2 only_match']);
    expect(assignmentOf(world, 'all')).toMatchObject({ slot: 0, alsoSlots: [1, 2] });
    world.succeed('all');
    expect(world.assignments.slice(3)).toEqual(['c→r1/0 only_match', 'd→r1/1 only_match']);
  });

  it('keeps back nothing of the other runners', () => {
    const world = aFleet({ r1: 2, r2: 1 });
    world.queue('a');
    world.queue('b');
    world.queue('two', [], heavy(2));
    world.succeed('a');
    world.succeed('b');
    expect(world.assignments.slice(2)).toEqual(['two→r1/0+1 only_match']);
    world.queue('c');
    world.queue('d');
    expect(world.assignments.slice(3)).toEqual(['c→r2/0 least_loaded']);
  });

  it('reserves the runner with the most free slots, whatever its share of them', () => {
    const world = aFleet({ small: 2, large: 6 });
    for (let n = 0; n < 8; n++) world.queue(`j${n}`);
    const of = (runner: string) =>
      world.assignments.filter((one) => one.includes(`→${runner}/`)).map((one) => one.slice(0, 2));
    world.queue('heavy', [], heavy(6));
    world.queue('two', [], heavy(2));
    world.queue('light');
    const [first, second] = of('large');
    world.succeed(first!);
    world.succeed(second!);
    // both slots of the large one are kept for the first
    expect(world.assignments).toHaveLength(8);
    for (const jobId of of('small')) world.succeed(jobId);
    expect(world.assignments.slice(8)).toEqual(['two→small/0+1 least_loaded']);
    for (const jobId of of('large').slice(2)) world.succeed(jobId);
    expect(world.assignments.slice(9)).toEqual(['heavy→large/0+1+2+3+4+5 only_match']);
  });

  it('goes by dispatch order like any other: who has the higher priority goes first', () => {
    const world = aFleet({ r1: 2 });
    world.queue('a');
    world.queue('b');
    world.queue('two', [], heavy(2));
    world.queue('urgent', [], { priority: 1 });
    world.succeed('a');
    expect(world.assignments.slice(2)).toEqual(['urgent→r1/0 only_match']);
  });

  it('given no runner with so many, then that is said, and its policy decides', () => {
    const world = aFleet({ r1: 2, r2: 1 });
    world.queue('four', [], heavy(4));
    expect(lastReason(world, 4)).toEqual({
      ...{ filter: [], slots: 4, reason: 'none_matches', blockers: [] },
      detail: 'no enrolled runner can ever match: needs 4 slots, the largest runner that matches has 2',
    });
    world.queue('never', [], { slots: 4, whenUnmatchable: 'fail' });
    expect(world.events.at(-1)).toMatchObject({
      stream: 'job-never',
      event: { type: 'JobUndeliverable', data: { why: 'no_runner_matches' } },
    });
    // one-slot jobs with the same filter do not wait
    expect(world.reasons()).toEqual([]);
  });

  it('given more slots by a setting, then it fits; fewer while it runs disturb nothing', () => {
    const world = aFleet({ r1: 2 });
    const set = (slots: number) =>
      world.tell('runner-r1', { type: 'RunnerSettingsChanged', data: { slots } });
    world.queue('three', [], heavy(3));
    set(1);
    expect(lastReason(world, 3)?.detail).toContain('the largest runner that matches has 1');
    set(3);
    expect(world.assignments).toEqual(['three→r1/0+1+2 only_match']);
    set(1);
    world.queue('light');
    world.queue('again', [], heavy(3));
    expect(world.assignments).toHaveLength(1);
    world.succeed('three');
    expect(world.assignments.slice(1)).toEqual(['light→r1/0 only_match']);
    expect(lastReason(world, 3)?.reason).toBe('none_matches');
  });

  it('reserves no runner whose slots in quarantine keep it from ever having enough', () => {
    const world = aFleet({ r1: 2 });
    world.tell('runner-r1', { type: 'SlotQuarantined', data: { slot: 1, why: '', jobId: 'x' } });
    world.queue('two', [], heavy(2));
    world.queue('a');
    expect(world.assignments).toEqual(['a→r1/0 only_match']);
    expect(lastReason(world, 2)).toMatchObject({
      reason: 'none_available',
      detail: 'r1 has only 1 slot out of quarantine, and 2 are needed',
    });
    world.tell('runner-r1', { type: 'SlotCleared', data: { slot: 1, by: 'person' } });
    expect(lastReason(world, 2)?.detail).toBe(
      'the only available matching runner does not have 2 slots free at once: r1',
    );
    world.succeed('a');
    expect(world.assignments.slice(1)).toEqual(['two→r1/0+1 only_match']);
  });

  it('leaves the runner of its class to the next of it while those that it would take are full', () => {
    const world = aFleet({ r1: 2, r2: 2 });
    world.queue('x', [], heavy(2));
    for (const jobId of ['a', 'b', 'c']) world.queue(jobId);
    world.queue('y', [], heavy(2));
    for (const jobId of ['d', 'e', 'f']) world.queue(jobId);
    expect(world.assignments).toEqual([
      ...['x→r1/0+1 least_loaded', 'a→r2/0 least_loaded', 'b→r2/1 least_loaded'],
    ]);
    world.fail('x', { cause: 'policy', why: 'lost' });
    // x would rather have r2, where nothing is free; c is older than y
    expect(world.assignments.slice(3)).toEqual(['c→r1/0 least_loaded']);
    world.succeed('c');
    expect(world.assignments.slice(4)).toEqual(['y→r1/0+1 least_loaded']);
    world.succeed('a');
    // and keeps that as soon as something is
    expect(world.assignments).toHaveLength(5);
    world.succeed('b');
    expect(world.assignments.slice(5)).toEqual(['x→r2/0+1 other_runner']);
  });

  it('keeps nothing for itself, nor from its class, while it waits for its time to be tried again', () => {
    const world = aFleet({ r1: 2, r2: 2 });
    world.queue('x', [], heavy(2));
    for (const jobId of ['a', 'b', 'c']) world.queue(jobId);
    world.fail('x', { delayMs: 60_000 });
    world.queue('light');
    world.succeed('a');
    expect(world.assignments.slice(3)).toEqual([...['c→r1/0 least_loaded', 'light→r1/1 least_loaded']]);
    for (const jobId of ['d', 'e']) world.queue(jobId);
    expect(world.assignments.slice(5)).toEqual(['d→r2/0 least_loaded']);
    expect(lastReason(world, 1)?.detail).toBe('all available matching runners are busy: r1, r2');
    world.nowMs += 60_000;
    world.tick();
    world.succeed('d');
    expect(world.assignments).toHaveLength(6);
    expect(lastReason(world, 1)?.detail).toContain('keep their free slots for a job that takes several');
    world.succeed('b');
    expect(world.assignments.slice(6)).toEqual(['x→r2/0+1 other_runner']);
  });

  it('keeps a runner that had more slots while a job goes on in one that is no more', () => {
    const world = aFleet({ r1: 3 });
    for (const jobId of ['a', 'b', 'c']) world.queue(jobId);
    world.tell('runner-r1', { type: 'RunnerSettingsChanged', data: { slots: 2 } });
    world.queue('two', [], heavy(2));
    for (const jobId of ['d', 'e']) world.queue(jobId);
    // slot 0 stays shut while c holds slot 2
    world.succeed('a');
    expect(lastReason(world, 2)).toMatchObject({
      reason: 'all_busy',
      detail: 'the only available matching runner does not have 2 slots free at once: r1',
    });
    world.succeed('c');
    expect(world.assignments).toHaveLength(3);
    world.succeed('b');
    expect(world.assignments.slice(3)).toEqual(['two→r1/0+1 only_match']);
  });

  it('is tried again where it failed when the only other runner has too few slots out of quarantine', () => {
    const world = aFleet({ r1: 2, r2: 2 });
    world.queue('two', [], heavy(2));
    world.tell('runner-r2', { type: 'SlotQuarantined', data: { slot: 0, why: '', jobId: 'x' } });
    world.fail('two');
    expect(world.assignments).toEqual(['two→r1/0+1 least_loaded', 'two→r1/0+1 least_loaded']);
  });

  it('tells those behind it that free slots may be kept, as long as it waits', () => {
    const world = aFleet({ r1: 2 });
    world.queue('a');
    world.queue('b');
    world.queue('light');
    expect(lastReason(world, 1)?.detail).toBe('the only available matching runner is busy: r1');
    world.queue('two', [], heavy(2));
    expect(lastReason(world, 1)?.detail).toBe(
      'the only available matching runner is busy, or keeps its free slots for a job that takes several: r1',
    );
    world.tell('job-two', { type: 'JobCancelled', data: { evidence: { how: 'never_started' } } });
    expect(lastReason(world, 1)?.detail).toBe('the only available matching runner is busy: r1');
  });

  it('behind another one that waits is told that the slots may be kept for that one', () => {
    const world = aFleet({ r1: 4 });
    for (const jobId of ['a', 'b']) world.queue(jobId);
    world.queue('four', [], heavy(4));
    world.queue('two', [], heavy(2));
    const told = 'the only available matching runner does not have 2 slots free at once';
    expect(lastReason(world, 2)?.detail).toBe(`${told}, or keeps them for a job that takes more: r1`);
    world.tell('job-four', { type: 'JobCancelled', data: { evidence: { how: 'never_started' } } });
    expect(world.assignments.slice(2)).toEqual(['two→r1/2+3 only_match']);
    world.queue('again', [], heavy(2));
    expect(lastReason(world, 2)?.detail).toBe(`${told}: r1`);
  });

  it('holds all of its slots over a restart, and frees all of them when it is queued again', () => {
    const world = aFleet({ r1: 3 });
    world.queue('all', [], heavy(3));
    const { kept } = world.process;
    for (const state of [
      kept?.restore(kept.save(world.state)),
      world.events.reduce(world.process.evolve, world.process.init()),
    ]) {
      const restarted = new FleetWorld();
      restarted.state = state ?? expect.fail('the state was of no use');
      restarted.events.push(...world.events);
      expect([...(restarted.state.runners.get('r1')?.busy ?? [])]).toEqual([
        ...[[0, 'all'] as const, [1, 'all'] as const, [2, 'all'] as const],
      ]);
      restarted.queue('light');
      expect(restarted.assignments).toEqual([]);
      restarted.fail('all', { cause: 'runner_changed' });
      expect(restarted.assignments).toEqual(['all→r1/0+1+2 only_match']);
      restarted.succeed('all');
      expect(restarted.assignments.slice(1)).toEqual(['light→r1/0 only_match']);
    }
  });

  it('holds them also on a runner that was retired and has its name again', () => {
    const world = aFleet({ r1: 2 });
    world.queue('two', [], heavy(2));
    world.tell('runner-r1', { type: 'RunnerRetired', data: {} });
    world.ready('r1', {}, { slots: 3 });
    world.queue('a');
    world.queue('b');
    expect(world.assignments.slice(1)).toEqual(['a→r1/2 only_match']);
  });

  it('given survivors, then all of its slots are shut at once', () => {
    const world = aFleet({ r1: 3 });
    world.queue('two', [], heavy(2));
    const evidence = { how: 'signalled' as const, survivors: [{ pid: 7 }] };
    world.tell('job-two', { type: 'JobTimedOut', data: { attempt: 1, which: 'total', evidence } });
    world.queue('a');
    world.queue('b');
    expect(world.assignments.slice(1)).toEqual(['a→r1/2 only_match']);
  });
});

describe('one-slot jobs', () => {
  it('write what they wrote before', () => {
    const world = aFleet({ r1: 1 });
    world.queue('a');
    world.queue('b');
    expect(Object.keys(assignmentOf(world, 'a') ?? {})).toEqual([
      ...['attempt', 'runner', 'slot', 'fence', 'baseId', 'bootId', 'filterClass', 'rule'],
    ]);
    const reason = world.events.at(-1);
    expect(reason?.stream).toBe(`filter_class-${filterClassOf([])}`);
    expect(Object.keys(reason?.event.data ?? {})).toEqual(['filter', 'reason', 'detail', 'blockers']);
  });

  it('are never taken for jobs of several slots, whatever their filter says', () => {
    const world = aFleet({ r1: 2 });
    world.queue('two', [], heavy(2));
    world.succeed('two');
    const said: readonly Filter[] = [
      [{ key: 'slots', op: 'version', values: ['>=2'] }],
      [{ key: '/slots', op: 'in', values: ['>=2'] }],
    ];
    for (const [n, filter] of said.entries()) world.queue(`j${n}`, filter);
    expect(world.assignments).toHaveLength(1);
  });
});
