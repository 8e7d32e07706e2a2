/** B6 of the original: reports were accepted after the end, and set a failed phase back to running or passed. */
import { describe, it } from 'vitest';
import { job, type JobCommand } from '../../src/domain/job.js';
import type { JobEvent } from '../../src/events/catalog.js';
import { anAssignment, aQueuedJob } from '../builders.js';
import { givenFor } from '../given.js';

const given = givenFor(job);
const queued: JobEvent = { type: 'JobQueued', data: aQueuedJob() };
const assigned = (attempt: number): JobEvent => ({ type: 'JobAssigned', data: anAssignment({ attempt }) });
const started: JobEvent = {
  type: 'JobStarted',
  data: { attempt: 1, pid: 7, startTime: '9', bootId: 'boot' },
};
const requeued: JobEvent = { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } };
const cancelled: JobEvent = { type: 'JobCancelled', data: { attempt: 1, evidence: { how: 'signalled' } } };

const start: JobCommand = { kind: 'RecordStarted', attempt: 1, pid: 7, startTime: '9', bootId: 'boot' };
const finish: JobCommand = { kind: 'FinishJob', attempt: 1, verdict: { kind: 'succeeded' }, outputs: [] };
const fail: JobCommand = { ...finish, verdict: { kind: 'failed', exitCode: 3 } };
const lose: JobCommand = { kind: 'LoseJob', attempt: 1, why: 'vanished', detail: '', outputs: [] };

const after = 'job_already_finished';
const moved = 'attempt_is_over';

describe('B6: given a report of an attempt that is over, then it changes nothing, and is recorded as refused', () => {
  const cases: readonly (readonly [string, readonly JobEvent[], JobCommand, object])[] = [
    [
      'success after a cancel',
      [queued, assigned(1), started, cancelled],
      finish,
      { report: 'finished', outcome: 'succeeded', exitCode: 0, why: after },
    ],
    [
      'failure after a cancel',
      [queued, assigned(1), started, cancelled],
      fail,
      { report: 'finished', outcome: 'failed', exitCode: 3, why: after },
    ],
    [
      'loss after a cancel',
      [queued, assigned(1), started, cancelled],
      lose,
      { report: 'lost', outcome: 'lost', why: after },
    ],
    [
      'a start after a cancel that came before it',
      [queued, assigned(1), cancelled],
      start,
      { report: 'started', why: after },
    ],
    [
      'a start while it waits again',
      [queued, assigned(1), requeued],
      start,
      { report: 'started', why: moved },
    ],
    [
      'an end while another attempt is under way',
      [queued, assigned(1), requeued, assigned(2)],
      finish,
      { report: 'finished', outcome: 'succeeded', exitCode: 0, why: moved },
    ],
  ];
  it.each(cases)('%s', (_, history, command, data) => {
    const refused = { type: 'JobReportRefused', data: { attempt: 1, ...data } } as JobEvent;
    given(history).when(command).then([refused]);
    // once: what comes again is no news
    given([...history, refused])
      .when(command)
      .then([]);
  });

  it('another report of the same attempt is news of its own', () => {
    const refused: JobEvent = {
      type: 'JobReportRefused',
      data: { attempt: 1, report: 'started', why: after },
    };
    given([queued, assigned(1), cancelled, refused])
      .when(finish)
      .thenTypes(['JobReportRefused']);
  });
});

describe('B6: given what is no late report, then nothing is recorded', () => {
  it('the start of an attempt whose start is recorded', () => {
    given([queued, assigned(1), started, cancelled])
      .when(start)
      .then([]);
  });
  it('a report of an attempt that there never was', () => {
    given([queued, assigned(1), started, cancelled])
      .when({ ...finish, attempt: 2 })
      .thenRefused(after);
    given([queued]).when(finish).thenRefused(moved);
    given([]).when(finish).thenRefused('job_unknown');
  });
});

describe('B6: given a refused report, then the job goes on as if nothing had been said', () => {
  it('the attempt that is under way ends as it ends', () => {
    const refused: JobEvent = {
      type: 'JobReportRefused',
      data: { attempt: 1, report: 'finished', outcome: 'succeeded', exitCode: 0, why: moved },
    };
    given([queued, assigned(1), requeued, assigned(2), refused])
      .when({ ...fail, attempt: 2 })
      .thenTypes(['JobFailed']);
  });
});

describe('B6: given a job that tells of itself when nobody listens any more, then it is refused, and that is recorded once', () => {
  const goesOn: JobCommand = { kind: 'ReportJob', attempt: 1 };
  const succeeded: JobCommand = { ...goesOn, final: { success: true, status: 'finished' } };
  const asked: JobEvent = { type: 'JobCancelRequested', data: {} };
  it.each<readonly [string, readonly JobEvent[], string]>([
    ['after its end', [queued, assigned(1), started, cancelled], after],
    ['while it waits again', [queued, assigned(1), requeued], moved],
    ['while another attempt is under way', [queued, assigned(1), requeued, assigned(2)], moved],
    ['while it is being cancelled', [queued, assigned(1), started, asked], 'cancel_requested'],
  ])('%s', (_, history, why) => {
    const refused: JobEvent = { type: 'JobReportRefused', data: { attempt: 1, report: 'job', why } };
    for (const command of [goesOn, succeeded]) {
      given(history).when(command).then([refused]);
      // a client in a loop cannot fill the store
      given([...history, refused])
        .when(command)
        .thenRefused(why);
    }
  });

  it('and an attempt that there never was leaves nothing', () => {
    given([queued, assigned(1), started])
      .when({ ...succeeded, attempt: 2 })
      .thenRefused(moved);
    given([queued]).when(succeeded).thenRefused(moved);
    given([]).when(succeeded).thenRefused('job_unknown');
  });
});
