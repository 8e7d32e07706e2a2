import { describe, expect, it } from 'vitest';
import { jobs } from '../../projections/jobs.js';
import { queue, toQueueView } from '../../projections/queue.js';
import { runnerHealth, runnerView } from '../../projections/runner-health.js';
import { matchesFilter } from '../../src/app/watch-jobs.js';
import { givenEvents, viewOf } from '../given.js';
import { assigned, queued, readyRunner, started, succeeded } from '../projections/stories.js';

const running = [
  ...readyRunner('r1', 'debian'),
  queued('job-of-it', { change: { id: 'change-of-it', title: 'Fix it' } }),
  assigned('job-of-it'),
  started('job-of-it'),
];

describe('B16: a runner names the job that it runs by the id of the job, and a job names its runner', () => {
  it('given a job that runs, then each of the two lists leads to the other', () => {
    const events = givenEvents(...running);
    const runner = runnerView(viewOf(runnerHealth, events), 'r1');
    const [id = ''] = Object.values(runner?.current ?? {});
    const view = viewOf(jobs, events)[id];
    expect(view).toMatchObject({ id: 'job-of-it', changeId: 'change-of-it', attempts: [{ runner: 'r1' }] });
    expect(view !== undefined && matchesFilter(view, { runner: 'r1' })).toBe(true);
    expect(view !== undefined && matchesFilter(view, { runner: 'r2' })).toBe(false);
    expect(toQueueView(viewOf(queue, events), '0').entries).toMatchObject([{ jobId: id, runner: 'r1' }]);
  });
  it('given that it has ended, then the runner still names it among its last', () => {
    const view = viewOf(runnerHealth, givenEvents(...running, succeeded('job-of-it')));
    expect(runnerView(view, 'r1')).toMatchObject({
      current: {},
      lastOutcomes: [{ jobId: 'job-of-it', outcome: 'succeeded' }],
    });
  });
});
