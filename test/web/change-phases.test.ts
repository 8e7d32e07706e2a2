import { describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { PhaseView } from '../../src/app/change-view.js';
import {
  isUnwell,
  jobIdsOf,
  jobName,
  jobStatus,
  liveJobsOf,
  phaseRows,
  runnerOf,
  timesOf,
  toRead,
} from '../../src/web/changes/phases.js';
import { bodyOf, byField } from '../../src/web/changes/submit-fields.js';

const at = (second: number): string => `2026-01-31T12:00:${String(second).padStart(2, '0')}.000Z`;

const aJob = (id: string, more: Partial<JobView> = {}): JobView => ({
  ...{ id, phaseRunId: 'p', label: '', enterprise: 'e', organisation: 'o', project: 'p' },
  ...{ pipeline: 'main', stage: 'verify', phase: 'unit', filter: [], filterClass: 'f', priority: 0 },
  ...{ queuedAt: at(0), status: 'queued', attempts: [], revision: 1, position: '1' },
  limits: { cancelGraceMs: 10_000 },
  ...more,
});

const aPhase = (status: PhaseView['status'], jobs: readonly string[]): PhaseView => ({
  ...{ phase: 'unit', status, jobs },
});

describe('rows of phases', () => {
  const first = aJob('a', { status: 'succeeded', startedAt: at(2), endedAt: at(9) });
  const second = aJob('b', { queuedAt: at(1), status: 'running', startedAt: at(4) });
  const known = new Map([first, second].map((job) => [job.id, job]));

  it('have their jobs in the order of the matrix, and say which are not to be seen', () => {
    const [row] = phaseRows([aPhase('running', ['b', 'x', 'a'])], known);
    expect(row?.jobs.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(row?.unseen).toEqual(['x']);
  });

  it('last from the first start to the last end, which is known when all have ended', () => {
    expect(timesOf([first, second])).toEqual({ queuedAt: at(0), startedAt: at(2) });
    const ended = { ...second, status: 'failed' as const, endedAt: at(30) };
    expect(timesOf([first, ended])).toEqual({ queuedAt: at(0), startedAt: at(2), endedAt: at(30) });
    expect(timesOf([])).toEqual({});
  });

  it('of a stage run and of its consumers tell which jobs have not ended', () => {
    const consumer = {
      ...{ changeId: 'c', sha: 's', organisation: 'o', project: 'web', pipeline: 'main' },
      ...{ status: 'running' as const, phases: [aPhase('running', ['b'])] },
    };
    const run = {
      ...{ stageRunId: 'r', stage: 'union', patchset: 1, status: 'running' as const },
      ...{ phases: [aPhase('succeeded', ['a'])], consumers: [consumer] },
    };
    expect(liveJobsOf([run], known).map(({ id }) => id)).toEqual(['b']);
  });
});

describe('a job in a row', () => {
  it('is cancelling from the moment its end was asked for until it has ended', () => {
    const cancelRequested = { at: at(5), by: 'ada' };
    expect(jobStatus({ status: 'running', cancelRequested })).toBe('cancelling');
    expect(jobStatus({ status: 'succeeded', cancelRequested })).toBe('succeeded');
  });

  it('has the runner of its last attempt that had one', () => {
    const attempts = [{ attempt: 1, runner: 'one' }, { attempt: 2, runner: 'two' }, { attempt: 3 }];
    expect(runnerOf({ attempts })).toBe('two');
    expect(runnerOf({ attempts: [] })).toBeUndefined();
    expect(jobName({ phase: 'unit', label: 'os=x' })).toBe('unit(os=x)');
  });

  it('of a phase that may be run again alone has ended, and not well', () => {
    expect(isUnwell(aPhase('timed_out', []))).toBe(true);
    for (const status of ['succeeded', 'skipped', 'not_run', 'running'] as const)
      expect(isUnwell(aPhase(status, []))).toBe(false);
  });
});

describe('the form of a submission', () => {
  it('tells at each field all that is wrong with it, and leaves what is of a file', () => {
    const config = { path: '.delivery/config.json: version', expected: '"2"', found: '"1"' };
    const { fields, rest } = byField([
      { path: 'branch', expected: 'a branch', found: 'nothing', mend: 'push it' },
      { path: 'branch', expected: 'no space', found: 'one' },
      config,
    ]);
    expect(fields).toEqual({
      branch: 'Expected a branch; found nothing. To mend it: push it. Expected no space; found one.',
    });
    expect(rest).toEqual([config]);
  });

  it('sends nothing that was left empty', () => {
    const none = { project: '', organisation: ' ', enterprise: '' };
    expect(bodyOf({ repository: ' /srv/shop ', branch: 'b', target: 'main', ...none })).toEqual({
      ...{ repository: '/srv/shop', branch: 'b', target: 'main' },
    });
  });
});

describe('what is read again of the jobs of a change', () => {
  const ended = aJob('ended', { status: 'succeeded' });
  const live = aJob('live', { status: 'running' });
  const read = (...jobs: readonly JobView[]) => ({
    byId: new Map(jobs.map((job) => [job.id, job])),
    asked: new Set(jobs.map(({ id }) => id)),
  });

  it('is all at first, and when others have come', () => {
    expect(toRead(['live'], read())).toBe('all');
    expect(toRead(['live', 'more'], read(live))).toBe('all');
  });

  it('is what goes on, and never what has ended or was not for the reader to see', () => {
    expect(toRead(['ended', 'live'], read(ended, live))).toEqual(['live']);
    expect(toRead(['ended'], read(ended))).toEqual([]);
    const unseen = { byId: read(live).byId, asked: new Set(['live', 'unseen']) };
    expect(toRead(['live', 'unseen'], unseen)).toEqual(['live']);
  });

  it('is all where many go on', () => {
    const many = Array.from({ length: 7 }, (_, n) => aJob(`${n}`));
    expect(
      toRead(
        many.map(({ id }) => id),
        read(...many),
      ),
    ).toBe('all');
  });

  it('is of its consumers, too', () => {
    const run = { stageRunId: 's', stage: 'union', patchset: 1, status: 'running' as const };
    const consumer = {
      ...{
        changeId: 'c',
        sha: 'a',
        status: 'running' as const,
        organisation: 'o',
        project: 'p',
        pipeline: 'm',
      },
      phases: [aPhase('running', ['b'])],
    };
    expect(jobIdsOf([{ ...run, phases: [aPhase('succeeded', ['a'])], consumers: [consumer] }])).toEqual([
      'a',
      'b',
    ]);
  });
});
