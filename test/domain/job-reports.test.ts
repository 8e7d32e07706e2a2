/** What a job tells of itself: a failure counts whatever it exits with, and nothing counts when the attempt is over. */
import { describe, it } from 'vitest';
import { job, type JobCommand } from '../../src/domain/job.js';
import type { JobEvent } from '../../src/events/catalog.js';
import { anAssignment, aQueuedJob } from '../builders.js';
import { givenFor } from '../given.js';

const given = givenFor(job);
const queued: JobEvent = { type: 'JobQueued', data: aQueuedJob({ reports: true }) };
const assigned: JobEvent = { type: 'JobAssigned', data: anAssignment() };
const started: JobEvent = {
  type: 'JobStarted',
  data: { attempt: 1, pid: 7, startTime: '9', bootId: 'boot' },
};
const running = [queued, assigned, started];
const told = (success: boolean): JobEvent => ({
  type: 'JobReported',
  data: { attempt: 1, success, status: success ? 'finished' : 'failed' },
});
const tell = (success: boolean): JobCommand => ({
  kind: 'ReportJob',
  attempt: 1,
  final: { success, status: success ? 'finished' : 'failed' },
});
const goesOn: JobCommand = { kind: 'ReportJob', attempt: 1 };
const exits = (exitCode: number): Extract<JobCommand, { kind: 'FinishJob' }> => ({
  kind: 'FinishJob',
  attempt: 1,
  verdict: exitCode === 0 ? { kind: 'succeeded' } : { kind: 'failed', exitCode },
  outputs: [],
});
const cancelAsked: JobEvent = { type: 'JobCancelRequested', data: {} };
const requeued: JobEvent = { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } };

describe('given a job that runs, when it tells of itself', () => {
  it('then progress is no event, and the end that it tells is one, once', () => {
    given(running).when(goesOn).then([]);
    given(running)
      .when(tell(true))
      .then([told(true)]);
    given([queued, assigned])
      .when(tell(true))
      .then([told(true)]);
    given([...running, told(true)])
      .when(tell(true))
      .then([]);
    given([...running, told(true)])
      .when(goesOn)
      .then([]);
  });
  it('then what it told first stands', () => {
    given([...running, told(true)])
      .when(tell(false))
      .thenRefused('already_reported');
  });
  it.each<readonly [string, readonly JobEvent[], number, JobEvent]>([
    [
      'a failure, and exit code 0',
      [told(false)],
      0,
      { type: 'JobFailed', data: { attempt: 1, exitCode: 0, reported: 'failed' } },
    ],
    ['a failure, and another', [told(false)], 3, { type: 'JobFailed', data: { attempt: 1, exitCode: 3 } }],
    ['a success, and exit code 0', [told(true)], 0, { type: 'JobSucceeded', data: { attempt: 1 } }],
    ['a success, and another', [told(true)], 3, { type: 'JobFailed', data: { attempt: 1, exitCode: 3 } }],
    ['nothing, and exit code 0', [], 0, { type: 'JobSucceeded', data: { attempt: 1, unreported: true } }],
  ])('%s', (_, history, exitCode, end) => {
    given([...running, ...history])
      .when(exits(exitCode))
      .then([end]);
  });
  it('then a failure told before its start was recorded counts as well', () => {
    given([queued, assigned, told(false), started])
      .when(exits(0))
      .thenTypes(['JobFailed']);
  });
  it('then an attempt that is tried again forgets what the one before it told', () => {
    const second: JobEvent = { type: 'JobAssigned', data: anAssignment({ attempt: 2 }) };
    given([...running, told(false), requeued, second])
      .when({ ...exits(0), attempt: 2 })
      .then([{ type: 'JobSucceeded', data: { attempt: 2, unreported: true } }]);
  });
  it('then `retry` takes a failure that was told for a failure, and no listed exit code for it', () => {
    const retry = { attempts: 2, on: ['failed'], delayMs: 0 } as const;
    const again: JobEvent = { type: 'JobQueued', data: aQueuedJob({ reports: true, retry }) };
    given([again, assigned, started, told(false)])
      .when(exits(0))
      .thenTypes(['JobRequeued']);
    const listed: JobEvent = {
      type: 'JobQueued',
      data: aQueuedJob({ reports: true, retry: { ...retry, exitCodes: [3] } }),
    };
    given([listed, assigned, started, told(false)])
      .when(exits(0))
      .thenTypes(['JobFailed']);
  });
  it('then a cancel and a time limit are what they are, whatever it told', () => {
    const evidence = { how: 'signalled' } as const;
    given([...running, told(true), cancelAsked])
      .when({ ...exits(0), verdict: { kind: 'cancelled', evidence } })
      .thenTypes(['JobCancelled']);
    given([...running, told(false)])
      .when({ ...exits(0), verdict: { kind: 'timed_out', which: 'total', evidence } })
      .thenTypes(['JobTimedOut']);
  });
});

describe('given a job that may not tell of itself, then nothing is missed', () => {
  it('exit code 0 is plain success', () => {
    given([{ type: 'JobQueued', data: aQueuedJob() }, assigned, started])
      .when(exits(0))
      .then([{ type: 'JobSucceeded', data: { attempt: 1 } }]);
  });
});
