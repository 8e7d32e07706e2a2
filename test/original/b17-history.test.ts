import { describe, expect, it } from 'vitest';
import { history } from '../../projections/history.js';
import { historyPage } from '../../projections/history-page.js';
import { jobs } from '../../projections/jobs.js';
import { givenEvents, viewOf, type Given } from '../given.js';
import { assigned, cancelAsked, queued, requeued, started, succeeded } from '../projections/stories.js';

const cancelled: Given = {
  stream: 'job-c',
  type: 'JobCancelled',
  data: { attempt: 1, evidence: { how: 'signalled' } },
};
const events = givenEvents(
  queued('a'),
  assigned('a'),
  started('a'),
  requeued('a'),
  assigned('a', { attempt: 2, runner: 'r2' }),
  started('a', 2),
  { ...succeeded('a', 2), afterMs: 60_000 },
  queued('c'),
  assigned('c'),
  started('c'),
  cancelAsked('c', { by: 'alice', reason: 'wrong branch' }),
  cancelled,
);

describe('B17: what has ended is kept: each attempt, how long it waited and ran, and who cancelled it and why', () => {
  it('given two jobs that have ended, then all of their attempts are there', () => {
    const { items } = historyPage(viewOf(history, events), {}, { limit: 10 });
    expect(items).toMatchObject([
      { jobId: 'c', attempt: 1, outcome: 'cancelled', cancelledBy: 'alice', waitedMs: 2000 },
      { jobId: 'a', attempt: 2, runner: 'r2', outcome: 'succeeded', waitedMs: 2000, ranMs: 60_000 },
      { jobId: 'a', attempt: 1, runner: 'r1', outcome: 'requeued', waitedMs: 2000, ranMs: 1000 },
    ]);
  });
  it('given one of them, then it can still be shown', () => {
    expect(viewOf(jobs, events)['a']).toMatchObject({ status: 'succeeded', attempts: [{}, { attempt: 2 }] });
  });
});
