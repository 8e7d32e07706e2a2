import { describe, expect, it } from 'vitest';
import { queue, toQueueView } from '../../projections/queue.js';
import type { Given } from '../given.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, queued, requeued, started, succeeded } from './stories.js';

const entriesAfter = (...events: readonly Given[]) =>
  toQueueView(viewOf(queue, givenEvents(...events)), '9').entries;
const reason = (name: 'all_busy' | 'nothing_waits', detail: string): Given => ({
  stream: 'filter_class-fc',
  type: 'WaitReasonChanged',
  data: { filter: [], reason: name, detail, blockers: ['r1'] },
});

describe('the queue', () => {
  it('shows the highest priority first, then the oldest, whether it waits or runs', () => {
    const entries = entriesAfter(
      queued('old'),
      { ...queued('twin'), afterMs: 0 },
      queued('young'),
      queued('urgent', { priority: 5 }),
      assigned('young'),
      started('young'),
    );
    expect(entries.map(({ jobId, status }) => `${jobId} ${status}`)).toEqual([
      'urgent queued',
      'old queued',
      'twin queued',
      'young running',
    ]);
  });
  it('given a reason for its filter class, then each waiting job of the class says it, and no other job', () => {
    const [waits, runs] = entriesAfter(
      queued('a', { filterClass: 'fc' }),
      queued('b', { filterClass: 'fc' }),
      assigned('b'),
      reason('all_busy', 'all 1 matching runners are busy'),
    );
    expect(waits?.waiting).toEqual({
      reason: 'all_busy',
      detail: 'all 1 matching runners are busy',
      blockers: ['r1'],
    });
    expect(runs).toMatchObject({ jobId: 'b', runner: 'r1' });
    expect(runs).not.toHaveProperty('waiting');
  });
  it('given a class that waited and waits no more, when a job comes, then the old reason is not told', () => {
    const [entry] = entriesAfter(
      reason('all_busy', 'x'),
      reason('nothing_waits', ''),
      queued('a', { filterClass: 'fc' }),
    );
    expect(entry?.waiting?.reason).toBe('not_recorded');
  });
  it('given a job that is queued again, then it waits since then, at its old place', () => {
    const entries = entriesAfter(queued('a'), queued('b'), assigned('a'), requeued('a'));
    expect(entries[0]).toMatchObject({ jobId: 'a', status: 'queued', since: '2026-01-01T00:00:03.000Z' });
    expect(entries[0]).not.toHaveProperty('runner');
  });
  it('given a job that has waited ten minutes longer for each step of priority, then it goes first', () => {
    const entries = entriesAfter(queued('old'), { ...queued('urgent', { priority: 1 }), afterMs: 600_001 });
    expect(entries.map(({ jobId }) => jobId)).toEqual(['old', 'urgent']);
  });
  it('given a runner that cannot be reached and a cancel that has no answer, then both are told with their time', () => {
    const probed = (verdict: 'ready' | 'unreachable'): Given => ({
      ...{ stream: 'runner-r1', type: 'RunnerProbed', data: { verdict, findings: [] } },
    });
    const cancel: Given = { stream: 'job-a', type: 'JobCancelRequested', data: {} };
    const before = [queued('a'), assigned('a'), probed('unreachable'), cancel, probed('unreachable')];
    expect(entriesAfter(...before)[0]).toMatchObject({
      unreachableSince: '2026-01-01T00:00:02.000Z',
      cancelAskedAt: '2026-01-01T00:00:03.000Z',
    });
    expect(entriesAfter(...before, probed('ready'))[0]).not.toHaveProperty('unreachableSince');
  });
  it('given a job that ended, then it is gone', () => {
    expect(entriesAfter(queued('a'), assigned('a'), started('a'), succeeded('a'))).toEqual([]);
  });
});
