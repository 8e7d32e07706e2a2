import { describe, expect, it } from 'vitest';
import { filterClassOf } from '../../src/domain/matching.js';
import { schedule, type RunnerSlots, type Waiting } from '../../src/domain/schedule.js';
import type { Filter } from '../../src/events/shapes.js';

const policy = { ageingMs: 600_000 };
const family = (...values: readonly string[]): Filter => [{ key: 'platform_family', op: 'in', values }];
let order = 0;
const waiting = (jobId: string, filter: Filter = [], more: Partial<Waiting> = {}): Waiting => ({
  jobId,
  filter,
  filterClass: filterClassOf(filter),
  priority: 0,
  queuedAtMs: 0,
  order: order++,
  whenUnmatchable: 'wait',
  ...more,
});
const runner = (name: string, platform_family: string, more: Partial<RunnerSlots> = {}): RunnerSlots => ({
  name,
  attributes: { platform_family },
  labels: [],
  unavailable: '',
  slots: 1,
  busy: new Map(),
  badSlots: new Set(),
  ...more,
});
const pairs = (queue: readonly Waiting[], runners: readonly RunnerSlots[]) =>
  schedule(queue, runners, policy).assignments.map(({ jobId, runner: r, slot }) => `${jobId}→${r}/${slot}`);
const reasonOf = (queue: readonly Waiting[], runners: readonly RunnerSlots[]) =>
  [...schedule(queue, runners, policy).reasons.values()].map(({ reason }) => reason);

describe('schedule', () => {
  it('gives the oldest job the runner, and passes over what does not fit', () => {
    expect(
      pairs([waiting('a', family('rhel')), waiting('b'), waiting('c')], [runner('r1', 'debian')]),
    ).toEqual(['b→r1/0']);
  });
  it('lets priority go first, and age overtake it after a while', () => {
    const urgent = waiting('urgent', [], { priority: 1, queuedAtMs: 500_000 });
    expect(pairs([waiting('old'), urgent], [runner('r1', 'debian')])).toEqual(['urgent→r1/0']);
    const later = waiting('later', [], { priority: 1, queuedAtMs: 700_000 });
    expect(pairs([waiting('old'), later], [runner('r1', 'debian')])).toEqual(['old→r1/0']);
  });
  it('spreads jobs over the least loaded runners, slot by slot', () => {
    const two = [runner('r1', 'debian', { slots: 2 }), runner('r2', 'debian', { slots: 2 })];
    expect(pairs([waiting('a'), waiting('b'), waiting('c')], two)).toEqual(['a→r1/0', 'b→r2/0', 'c→r1/1']);
  });
  it('leaves a quarantined slot alone', () => {
    expect(pairs([waiting('a')], [runner('r1', 'debian', { slots: 2, badSlots: new Set([0]) })])).toEqual([
      'a→r1/1',
    ]);
  });
  it('tells "nothing can ever match" apart from "all are busy" and "none is available"', () => {
    const busy = runner('r1', 'debian', { busy: new Map([[0, 'x']]) });
    expect(reasonOf([waiting('a')], [])).toEqual(['no_runner']);
    expect(reasonOf([waiting('a', family('rhel'))], [busy])).toEqual(['none_matches']);
    expect(reasonOf([waiting('a', family('debian'))], [busy])).toEqual(['all_busy']);
    expect(reasonOf([waiting('a')], [runner('r1', 'debian', { unavailable: 'is draining' })])).toEqual([
      'none_available',
    ]);
  });
  it('names the nearest miss', () => {
    const [reason] = schedule(
      [waiting('a', family('rhel'))],
      [runner('r1', 'debian')],
      policy,
    ).reasons.values();
    expect(reason?.detail).toBe(
      'none of the 1 enrolled runner can ever match: wanted platform_family is rhel (they have debian)',
    );
  });
  it('gives up at once on a job whose policy says so', () => {
    const { hopeless } = schedule(
      [waiting('a', family('rhel'), { whenUnmatchable: 'fail' })],
      [runner('r1', 'debian')],
      policy,
    );
    expect(hopeless.map(({ jobId }) => jobId)).toEqual(['a']);
  });
});
