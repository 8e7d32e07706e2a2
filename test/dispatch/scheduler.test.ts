import { describe, expect, it } from 'vitest';
import { filterClassOf } from '../../src/domain/matching.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Filter } from '../../src/events/shapes.js';
import { FleetWorld, rulesWith } from './fleet-world.js';

const family = (...values: readonly string[]): Filter => [{ key: 'platform_family', op: 'in', values }];
const debian = { platform_family: 'debian' };
const limits = { cancelGraceMs: 1000, logBytes: 1000 };

const endsOf = (world: FleetWorld) =>
  world.events.flatMap(({ stream, event }) =>
    event.type === 'JobExpired' || event.type === 'JobUndeliverable'
      ? [[stream.slice(4), event.type, event.data.why]]
      : [],
  );
const reasonsOf = (world: FleetWorld) =>
  world.events.flatMap(({ event }) => (event.type === 'WaitReasonChanged' ? [event.data] : []));
const givenTwoBusyRunners = (): FleetWorld => {
  const world = new FleetWorld();
  for (const name of ['r1', 'r2']) {
    world.ready(name);
    world.held(`at-${name}`, name);
  }
  return world;
};

describe('who runs next', () => {
  it('the oldest job that suits the runner; what does not suit is passed over', () => {
    const world = new FleetWorld();
    world.queue('a', family('rhel'));
    world.queue('b');
    world.ready('r1', debian);
    expect(world.assignments).toEqual(['b→r1/0 only_match']);
  });
  it('higher priority first, until age overtakes it', () => {
    const world = new FleetWorld();
    world.ready('r1');
    world.held('holder', 'r1');
    world.queue('old');
    world.nowMs = 500_000;
    world.queue('urgent', [], { priority: 1 });
    world.nowMs = 700_000;
    world.queue('urgent too, and too late', [], { priority: 1 });
    for (const id of ['holder', 'urgent', 'old']) world.succeed(id);
    expect(world.assignments.map((text) => text.split('→')[0])).toEqual([
      'urgent',
      'old',
      'urgent too, and too late',
    ]);
  });
  it('jobs are spread over the least loaded runners, slot by slot', () => {
    const world = new FleetWorld();
    world.ready('r1', {}, { slots: 2 });
    world.ready('r2', {}, { slots: 2 });
    for (const id of ['a', 'b', 'c']) world.queue(id);
    expect(world.assignments).toEqual(['a→r1/0 least_loaded', 'b→r2/0 least_loaded', 'c→r1/1 least_loaded']);
  });
  it('a quarantined slot is left alone', () => {
    const world = new FleetWorld();
    world.ready('r1', {}, { slots: 2 });
    world.tell('runner-r1', { type: 'SlotQuarantined', data: { slot: 0, why: '', jobId: '' } });
    world.queue('a');
    expect(world.assignments).toEqual(['a→r1/1 only_match']);
  });
});

describe('a job that infrastructure failed', () => {
  it('waits for another runner, though the one that failed it is free', () => {
    const world = givenTwoBusyRunners();
    world.queue('a');
    world.succeed('at-r1');
    world.fail('a');
    expect(world.assignments).toEqual(['a→r1/0 least_loaded']);
    world.queue('b');
    expect(world.assignments).toEqual(['a→r1/0 least_loaded', 'b→r1/0 least_loaded']);
    world.succeed('at-r2');
    expect(world.assignments.at(-1)).toBe('a→r2/0 other_runner');
  });
  it('goes back to the same runner when there is no other, or no other is available any more', () => {
    const world = givenTwoBusyRunners();
    world.queue('a');
    world.succeed('at-r1');
    world.fail('a');
    world.tell('runner-r2', { type: 'RunnerDrained', data: {} });
    expect(world.assignments).toEqual(['a→r1/0 least_loaded', 'a→r1/0 least_loaded']);
  });
  it('does not shun a runner that was only restarted', () => {
    const world = givenTwoBusyRunners();
    world.queue('a');
    world.succeed('at-r1');
    world.tell('job-a', { type: 'JobRequeued', data: { attempt: 1, cause: 'runner_changed' } });
    expect(world.assignments).toEqual(['a→r1/0 least_loaded', 'a→r1/0 least_loaded']);
  });
});

describe('a job that is tried again', () => {
  const runners = (...names: readonly string[]): FleetWorld => {
    const world = new FleetWorld();
    for (const name of names) world.ready(name);
    return world;
  };
  const last = (world: FleetWorld) => world.assignments.at(-1);

  it('given three runners, then none of those that failed it gets it, not only the last', () => {
    const world = runners('r1', 'r2', 'r3');
    world.queue('a');
    world.fail('a');
    world.fail('a');
    expect(world.assignments).toEqual(['a→r1/0 least_loaded', 'a→r2/0 other_runner', 'a→r3/0 other_runner']);
    // all have failed it: not the last one at once again
    world.fail('a');
    expect(last(world)).toBe('a→r1/0 other_runner');
  });
  it('given a failure of its own, then it may go anywhere, but not to where infrastructure failed it before', () => {
    const world = runners('r1', 'r2');
    world.queue('a');
    world.fail('a');
    world.fail('a', { cause: 'policy', why: 'failed' });
    expect(world.assignments.slice(1)).toEqual(['a→r2/0 other_runner', 'a→r2/0 other_runner']);
  });
  it('given a loss that policy tries again, then it goes elsewhere', () => {
    const world = runners('r1', 'r2');
    world.queue('a');
    world.fail('a', { cause: 'policy', why: 'lost' });
    expect(last(world)).toBe('a→r2/0 other_runner');
  });
  it('given a pause, then it waits for it though a runner is free, and others do not wait for it', () => {
    const world = runners('r1');
    world.queue('a');
    world.fail('a', { cause: 'policy', why: 'failed', delayMs: 30_000 });
    world.nowMs = 29_000;
    world.tick();
    expect(world.assignments).toHaveLength(1);
    world.queue('b');
    world.succeed('b');
    world.nowMs = 30_000;
    world.tick();
    expect(world.assignments.slice(1)).toEqual(['b→r1/0 only_match', 'a→r1/0 only_match']);
  });
  it('given a pause after infrastructure failed it, then another runner takes it at once, and the same one after the pause', () => {
    const world = runners('r1');
    world.queue('a');
    world.fail('a', { delayMs: 30_000 });
    expect(world.assignments).toHaveLength(1);
    // it waits for a time, not for the runner, which is free
    expect(world.reasons()).toEqual([]);
    world.ready('r2');
    expect(last(world)).toBe('a→r2/0 other_runner');
    world.fail('a', { delayMs: 30_000 });
    world.nowMs = 30_000;
    world.tick();
    expect(last(world)).toBe('a→r1/0 other_runner');
  });
  it('given a pause and a cancel, then nothing is left of it', () => {
    const world = runners('r1');
    world.queue('a');
    world.fail('a', { delayMs: 30_000 });
    world.tell('job-a', { type: 'JobCancelled', data: { evidence: { how: 'never_started' } } });
    world.nowMs = 60_000;
    expect(world.tick()).toEqual([]);
    expect(world.state.delayed.size).toBe(0);
  });
  it('given a limit of waiting, then the pause does not count', () => {
    const world = runners('r1');
    world.queue('a', [], { limits: { ...limits, queueMs: 10_000 } });
    world.fail('a', { delayMs: 60_000 });
    world.held('holder', 'r1');
    world.nowMs = 69_000;
    world.tick();
    expect(endsOf(world)).toEqual([]);
    world.nowMs = 71_000;
    world.tick();
    expect(endsOf(world)).toEqual([['a', 'JobExpired', 'queue_wait']]);
  });
  it('given survivors of the attempt that is tried again, then its slot is not given away', () => {
    const world = runners('r1');
    world.queue('a');
    const evidence = { how: 'signalled', survivors: [{ pid: 7 }] } as const;
    world.fail('a', { cause: 'policy', why: 'timed_out', evidence });
    expect(world.assignments).toHaveLength(1);
  });
});

describe('why jobs wait', () => {
  it('"no runner", "none can ever match", "none is available" and "all are busy" are four things', () => {
    const world = new FleetWorld();
    world.queue('a', family('debian'));
    world.enrolled('r1');
    world.tell('runner-r1', { type: 'RunnerAttributesChanged', data: { attributes: debian } });
    world.held('holder', 'r1');
    world.tell('runner-r1', {
      type: 'RunnerProbed',
      data: { verdict: 'ready', findings: [], baseId: 'b', bootId: 'b' },
    });
    world.succeed('holder');
    expect(world.reasons(family('debian'))).toEqual([
      'no_runner',
      'none_matches',
      'none_available',
      'all_busy',
      'nothing_waits',
    ]);
  });
  it('names the nearest miss', () => {
    const world = new FleetWorld();
    world.ready('r1', debian);
    world.queue('a', family('rhel'));
    expect(reasonsOf(world).at(-1)?.detail).toBe(
      'no enrolled runner can ever match: wanted platform_family is rhel (they have debian)',
    );
  });
  it('nothing is written while jobs come and go on a busy fleet', () => {
    const world = givenTwoBusyRunners();
    for (let n = 0; n < 20; n++) world.queue(`j${n}`);
    let last = 'at-r1';
    for (let n = 0; n < 10; n++) {
      world.succeed(last);
      last = `j${n}`;
    }
    expect(reasonsOf(world).map(({ reason, blockers }) => [reason, blockers])).toEqual([
      ['all_busy', ['r1', 'r2']],
    ]);
  });
  it('at most eight runners are named, and the ninth and tenth change nothing', () => {
    const world = new FleetWorld();
    for (let n = 0; n < 9; n++) {
      world.ready(`r${n}`);
      world.held(`at-${n}`, `r${n}`);
    }
    world.queue('a');
    world.enrolled('r9');
    world.held('at-9', 'r9');
    world.tell('runner-r9', {
      type: 'RunnerProbed',
      data: { verdict: 'ready', findings: [], baseId: 'b', bootId: 'b' },
    });
    expect(reasonsOf(world)).toHaveLength(1);
    expect(reasonsOf(world)[0]?.blockers).toHaveLength(8);
    expect(reasonsOf(world)[0]?.detail).toMatch(
      /^all available matching runners are busy: r0, .*, r7, and others$/,
    );
  });
});

describe('when no enrolled runner can ever match', () => {
  const unmatchable = (whenUnmatchable: 'wait' | 'fail' | 'expire', queueMs?: number) => ({
    whenUnmatchable,
    limits: { ...limits, ...(queueMs === undefined ? {} : { queueMs }) },
  });

  it('`fail` ends the job at once', () => {
    const world = new FleetWorld();
    world.ready('r1', debian);
    world.queue('a', family('rhel'), unmatchable('fail'));
    expect(endsOf(world)).toEqual([['a', 'JobUndeliverable', 'no_runner_matches']]);
  });
  it('`fail` ends it when the last runner that suited is retired', () => {
    const world = new FleetWorld();
    world.ready('r1', debian);
    world.ready('r2', { platform_family: 'rhel' });
    world.held('holder', 'r2');
    world.queue('a', family('rhel'), unmatchable('fail'));
    expect(endsOf(world)).toEqual([]);
    world.tell('runner-r2', { type: 'RunnerRetired', data: {} });
    expect(endsOf(world)).toEqual([['a', 'JobUndeliverable', 'no_runner_matches']]);
  });
  it('`fail` waits for the first runner of a fresh installation, and for the first look at it', () => {
    const world = new FleetWorld();
    world.queue('a', family('rhel'), unmatchable('fail'));
    world.enrolled('r1');
    expect(endsOf(world)).toEqual([]);
    world.tell('runner-r1', { type: 'RunnerAttributesChanged', data: { attributes: debian } });
    expect(endsOf(world)).toEqual([]);
    world.tell('runner-r1', {
      type: 'RunnerProbed',
      data: { verdict: 'ready', findings: [], baseId: 'b', bootId: 'b' },
    });
    expect(endsOf(world)).toEqual([['a', 'JobUndeliverable', 'no_runner_matches']]);
  });
  it('`wait` waits', () => {
    const world = new FleetWorld();
    world.ready('r1', debian);
    world.queue('a', family('rhel'), unmatchable('wait'));
    world.nowMs = 1e9;
    world.tick();
    expect(endsOf(world)).toEqual([]);
  });
  it('`expire` ends it after its own limit, or else after that of the installation', () => {
    const world = new FleetWorld();
    world.ready('r1', debian);
    world.queue('own', family('rhel'), unmatchable('expire', 60_000));
    world.queue('general', family('rhel'), unmatchable('expire'));
    world.nowMs = 60_000;
    world.tick();
    expect(endsOf(world)).toEqual([]);
    world.nowMs = 60_001;
    world.tick();
    expect(endsOf(world)).toEqual([['own', 'JobExpired', 'no_runner_matches']]);
    world.nowMs = 600_001;
    world.tick();
    world.tick();
    expect(endsOf(world)).toEqual([
      ['own', 'JobExpired', 'no_runner_matches'],
      ['general', 'JobExpired', 'no_runner_matches'],
    ]);
  });
  it('`expire` counts from when the last matching runner went, and with no runner at all', () => {
    const world = new FleetWorld();
    world.ready('r1', debian);
    world.held('holder', 'r1');
    world.queue('a', family('debian'), unmatchable('expire'));
    world.nowMs = 1_000_000;
    world.tick();
    world.tell('runner-r1', { type: 'RunnerRetired', data: {} });
    world.nowMs = 1_600_000;
    world.tick();
    expect(endsOf(world)).toEqual([]);
    world.nowMs = 1_600_001;
    world.tick();
    expect(endsOf(world)).toEqual([['a', 'JobExpired', 'no_runner_matches']]);
  });
});

describe('the limit of waiting in the queue', () => {
  it('ends a job that waits longer, counted anew when it is queued again', () => {
    const world = new FleetWorld();
    const queued: Partial<Extract<BatonEvent, { type: 'JobQueued' }>['data']> = {
      limits: { ...limits, queueMs: 1000 },
    };
    world.ready('r1');
    world.queue('a', [], queued);
    world.queue('b', [], queued);
    world.nowMs = 1001;
    world.tell('job-a', { type: 'JobRequeued', data: { attempt: 1, cause: 'policy' } });
    world.succeed('a');
    world.queue('c', [], queued);
    world.queue('d', [], queued);
    world.nowMs = 2002;
    world.tick();
    expect(endsOf(world)).toEqual([
      ['c', 'JobExpired', 'queue_wait'],
      ['d', 'JobExpired', 'queue_wait'],
    ]);
  });
  it('leaves no trace of ended jobs and their classes', () => {
    const world = new FleetWorld();
    world.ready('r1');
    for (let n = 0; n < 600; n++) {
      world.queue(`j${n}`, family(`f${n}`));
      world.tell(`job-j${n}`, { type: 'JobCancelled', data: { evidence: { how: 'never_started' } } });
    }
    expect(reasonsOf(world).filter(({ reason }) => reason === 'none_matches')).toHaveLength(600);
    expect(reasonsOf(world).filter(({ reason }) => reason === 'nothing_waits')).toHaveLength(600);
    expect(world.state.jobs.size).toBe(0);
    expect(world.state.index.classCount).toBeLessThan(300);
    world.queue('last', family('f1'));
    expect(world.state.reasons.get(filterClassOf(family('f1')))?.data.reason).toBe('none_matches');
  });
});

describe('a rule of compatibility', () => {
  const kit = (chefdk: string) => ({ ...debian, toolchains: { chefdk } });

  it('given a runner that breaks it, then it gets no job though its last probe found it ready, and why', () => {
    const world = new FleetWorld(rulesWith('1.4'));
    world.ready('r1', kit('2.4.17-1'));
    world.queue('a');
    expect(world.assignments).toEqual([]);
    expect(reasonsOf(world)).toMatchObject([
      {
        reason: 'none_available',
        detail: expect.stringMatching(
          /^r1 is unfit: The toolchain chefdk 2\.4\.17-1 on r1 needs engine >=1\.5; this engine is 1\.4\. /,
        ) as string,
        blockers: ['r1'],
      },
    ]);
  });
  it('given another runner beside it, then that one gets the job; given an older kit there, then both do', () => {
    const world = new FleetWorld(rulesWith('1.4'));
    world.ready('r1', kit('2.4.17-1'));
    world.ready('r2', kit('1.6.11'));
    world.queue('a');
    world.queue('b');
    expect(world.assignments).toEqual(['a→r2/0 least_loaded']);
    world.tell('runner-r1', { type: 'RunnerAttributesChanged', data: { attributes: kit('1.9') } });
    expect(world.assignments).toEqual(['a→r2/0 least_loaded', 'b→r1/0 least_loaded']);
  });
  it('given a restart with other rules and no probe since, then those hold', () => {
    const before = new FleetWorld(rulesWith('1.5'));
    before.ready('r1', kit('2.4.17-1'));
    before.queue('a');
    before.queue('b');
    expect(before.assignments).toEqual(['a→r1/0 only_match']);
    before.succeed('a');
    expect(before.assignments).toHaveLength(2);
    before.succeed('b');

    const after = new FleetWorld(rulesWith('1.4'));
    const state = after.process.kept?.restore(before.process.kept?.save(before.state));
    if (state === undefined) expect.fail('the state was of no use');
    after.state = state;
    after.queue('c');
    expect(after.assignments).toEqual([]);
    expect(reasonsOf(after).at(-1)).toMatchObject({ reason: 'none_available', blockers: ['r1'] });
  });
  it('given a rule that cannot be judged, then it keeps nothing', () => {
    const { engine: _, ...rules } = rulesWith('1.4');
    const world = new FleetWorld(rules);
    world.ready('r1', kit('2.4.17-1'));
    world.queue('a');
    expect(world.assignments).toEqual(['a→r1/0 only_match']);
  });
  it('given a runner that breaks it, then a job that nothing else matches waits, and does not fail for it', () => {
    const world = new FleetWorld(rulesWith('1.4'));
    world.ready('r1', kit('2.4.17-1'));
    world.queue('a', [], { whenUnmatchable: 'fail' });
    expect(endsOf(world)).toEqual([]);
  });
});
