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

  describe('given a job that is tried again, but not yet', () => {
    const later: Given = {
      ...{ stream: 'job-a', type: 'JobRequeued' },
      data: { attempt: 1, cause: 'infrastructure', detail: 'The disk is full.', delayMs: 30_000 },
    };
    const view = viewOf(
      queue,
      givenEvents(
        ...[queued('a', { filterClass: 'fc' }), queued('b', { filterClass: 'fc' }), assigned('a'), later],
        reason('all_busy', 'busy'),
      ),
    );
    const waitingAt = (now?: string) => toQueueView(view, '9', undefined, now).entries[0];

    it('then it says since when, until when and after what, and its class says something else of the others', () => {
      const entry = waitingAt('2026-01-01T00:00:13.000Z');
      expect(entry).toMatchObject({
        queuedAt: '2026-01-01T00:00:00.000Z',
        since: '2026-01-01T00:00:03.000Z',
        waiting: {
          reason: 'tried_again_later',
          detail: 'tried again in 20 s, or at once on another runner, after: The disk is full',
          until: '2026-01-01T00:00:33.000Z',
        },
      });
      expect(toQueueView(view, '9').entries[1]?.waiting?.reason).toBe('all_busy');
    });
    it('then it waits as the others do once its time has come', () => {
      expect(waitingAt('2026-01-01T00:00:33.000Z')?.waiting?.reason).toBe('all_busy');
    });
    it('then it names the instant where nobody knows how late it is', () => {
      expect(waitingAt()?.waiting?.detail).toMatch(/^tried again at 2026-01-01T00:00:33.000Z, /);
    });
  });
});
