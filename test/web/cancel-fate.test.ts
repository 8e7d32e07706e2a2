/** What the pages say that a cancel does, before it is asked for. */
import { describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { fateOf, fatesOf, fateText } from '../../src/web/parts/cancel-fate.js';

const aJob = (more: Partial<JobView> = {}) => ({
  ...{ status: 'queued' as const, attempts: [], limits: { cancelGraceMs: 90_000 } },
  ...more,
});
const on = (runner: string): Partial<JobView> => ({
  status: 'running',
  attempts: [
    { attempt: 1, runner: 'first' },
    { attempt: 2, runner },
  ],
});

describe('what a cancel does', () => {
  it('is told of the runner that has the job now, with the grace that this very job has', () => {
    const text = fateText(fateOf(aJob(on('second'))));
    expect(text).toContain(
      'All its processes on second get TERM, and what is left 1 min 30 s later gets KILL.',
    );
    expect(fateText({ kind: 'runs', runner: 'second' })).toContain('after the grace period gets KILL');
  });

  it('is nothing on a runner for a job that waits, and nothing new for one whose end has been asked for', () => {
    expect(fateText(fateOf(aJob()))).toBe('It waits: it is taken out of the queue, and nothing runs.');
    const asked = aJob({ ...on('second'), cancelRequested: { at: '', by: 'alice' } });
    expect(fateText(fateOf(asked))).toBe('Its end has been asked for already.');
  });

  it('says of a job that starts that it may not have begun', () => {
    const text = fateText(fateOf(aJob({ ...on('second'), status: 'assigned' })));
    expect(text).toMatch(/^It is starting on second: what has not begun there never will\./);
  });

  it('is told once for all jobs that fare alike', () => {
    const jobs = [aJob(on('a')), aJob(), aJob(on('b')), aJob(on('a')), aJob()];
    const fates = fatesOf(jobs);
    expect(fates.map((fate) => fate.jobs.map((job) => jobs.indexOf(job)))).toEqual([[0, 3], [1, 4], [2]]);
    expect(fates.map(({ text }) => text.slice(0, 29))).toEqual([
      ...['All their processes on a get ', 'They wait: they are taken out', 'All its processes on b get TE'],
    ]);
  });
});
